"""Where a film breaks off, nothing that a defence remembers goes on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from physadv.core.types import Frame
from physadv.engines.watch.frame_analysis import FrameAnalyzer
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.engines.watch.test_tracked_victim import Counter
from tests.toys import LABELS, ToyDetector


@pytest.mark.parametrize(
    ("times_s", "sides_px", "remembered"),
    [
        ([0.0, 0.1, 0.2], [32, 32, 32], [1, 2, 3]),
        ([0.0, 0.1, 5.0], [32, 32, 32], [1, 2, 1]),
        ([9.0, 9.1, 0.0], [32, 32, 32], [1, 2, 1]),  # the clock was set back: another feed
        ([0.0, 0.1, 0.2], [32, 32, 48], [1, 2, 1]),
    ],
)
def test_a_memory_ends_with_a_gap_and_with_another_size(
    times_s: list[float], sides_px: list[int], remembered: list[int]
) -> None:
    tracked = TrackedVictim(Counter().around(ToyDetector()), Hide(HideConfig()), LABELS[0])
    analyzer = FrameAnalyzer([tracked], None, None, 60.0, None, None, None, torch.device("cpu"))
    counts = []
    for index, (time_s, side) in enumerate(zip(times_s, sides_px, strict=True)):
        frame = Frame(index, time_s, np.zeros((side, side, 3), np.uint8))
        views = analyzer.look(frame, overlay=False).seen[tracked.victim.name]
        counts.append(len(views["filmed"].reports))
    assert counts == remembered
