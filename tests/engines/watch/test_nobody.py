"""A minute without the object is told, with what is seen instead."""

from __future__ import annotations

import numpy as np
import torch

from physadv.core.types import Frame
from physadv.engines.watch.frame_analysis import FrameAnalyzer
from physadv.engines.watch.nobody import Nobody
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.toys import LABELS, ToyDetector


def said(value: int, times_s: list[float], *, label: str = LABELS[0]) -> list[str]:
    tracked = TrackedVictim(ToyDetector(), Hide(HideConfig()), label)
    analyzer = FrameAnalyzer([tracked], None, None, 60.0, None, None, None, torch.device("cpu"))
    nobody = Nobody(tracked)
    frames = [Frame(i, time_s, np.full((32, 32, 3), value, np.uint8)) for i, time_s in enumerate(times_s)]
    return [nobody.look(analyzer.look(frame, overlay=False)) for frame in frames]


def test_a_minute_of_darkness_is_told_once_a_minute() -> None:
    told = said(0, [0.0, 30.0, 61.0, 62.0, 122.0])
    assert [bool(text) for text in told] == [False, False, True, False, True]
    assert told[2].startswith(f"no {LABELS[0]} for 60 s. The picture is 32 × 32 px, it is nearly black")
    assert "\n" not in told[2]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    assert said(0, [100.0, 0.0, 50.0]) == ["", "", ""]
