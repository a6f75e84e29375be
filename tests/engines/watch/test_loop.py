"""How a run over frames ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from physadv.app.config.watch_options import WatchConfig
from physadv.app.pipelines.watch import end_of
from physadv.core.types import Frame
from physadv.engines.watch.loop import Loop
from physadv.parts.frames.options import FrameOptions


@pytest.mark.parametrize(
    ("over", "cut_off", "frames", "dry", "said"),
    [
        (True, False, {}, False, "complete"),
        (False, True, {}, False, "cut off after max_frames=3"),
        (True, False, {"stop_s": 2.0}, False, "from 0 s to 2 s"),
        (True, False, {"start_s": 1.5}, False, "from 1.5 s to the end"),
        (True, False, {}, True, "dry run, one frame"),
    ],
)
def test_only_what_was_looked_at_whole_is_complete(
    over: bool, cut_off: bool, frames: dict[str, float], dry: bool, said: str
) -> None:
    options = WatchConfig(dry_run=dry, frames=FrameOptions(**frames))
    loop: Any = SimpleNamespace(cut_off=cut_off, max_frames=3)
    assert end_of(options, loop) == said


def test_a_film_that_ends_just_at_max_frames_is_not_cut_off() -> None:
    loop = Loop.__new__(Loop)
    for left, goes_on in ((0, False), (2, True)):
        loop.source = Spool(left)  # type: ignore[assignment]
        assert loop._goes_on() is goes_on


class Spool:
    """A source with so many frames left, which knows that it is over only after the next try."""

    def __init__(self, left: int) -> None:
        self.left, self.over = left, False

    def read(self, timeout_s: float) -> Frame | None:
        if self.left:
            self.left -= 1
            return Frame(0, 0.0, np.zeros((2, 2, 3), np.uint8))
        self.over = True
        return None
