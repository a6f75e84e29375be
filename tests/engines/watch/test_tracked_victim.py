"""When a frame counts, and how objects are numbered from frame to frame."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.core.types import Detections
from physadv.engines.watch.tracked_victim import ExpectedPlace, TrackedVictim
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.toys import LABELS, ToyDetector


@pytest.mark.parametrize(
    ("place", "reports", "counted"),
    [
        (ExpectedPlace((10, 10, 60, 110), by_tags=True), [], [True, True]),
        (ExpectedPlace((10, 10, 60, 110), by_tags=False), [[10, 10, 60, 110]], [None, True]),
        (ExpectedPlace((10, 10, 60, 110), by_tags=False, fresh=False), [[10, 10, 60, 110]], [None, None]),
        (ExpectedPlace((10, 10, 60, 110), by_tags=False), [[300, 10, 350, 110]], [None, None]),
        (None, [[10, 10, 60, 110]], [None, None]),
    ],
)
def test_success_counts_where_tags_or_a_report_of_this_frame_show_the_object(
    place: ExpectedPlace | None, reports: list[list[float]], counted: list[bool | None]
) -> None:
    tracked = TrackedVictim(ToyDetector(), Hide(HideConfig()), LABELS[0])
    assert tracked.judged([found(reports), found([])], place) == counted


def test_a_track_does_not_go_on_in_another_picture() -> None:
    tracked = TrackedVictim(ToyDetector(), Hide(HideConfig()), LABELS[0])
    first = tracked.numbered("filmed", found([[10, 10, 60, 110]]), 1)
    place = tracked.tracked((640, 480))
    assert place is not None
    assert place.fresh
    tracked.numbered("filmed", found([]), 1)
    stale = tracked.tracked((640, 480))
    assert stale is not None
    assert not stale.fresh
    tracked.forget()
    assert tracked.tracked((640, 480)) is None
    second = tracked.numbered("filmed", found([[10, 10, 60, 110]]), 1)
    assert second[0].track > first[0].track


def found(boxes: list[list[float]]) -> Detections:
    return Detections(
        torch.tensor(boxes).reshape(-1, 4).float(), torch.full((len(boxes),), 0.9),
        torch.zeros(len(boxes), dtype=torch.int64),
    )  # fmt: skip


class Counting(Defended):
    """Reports as many boards as frames it has been shown."""

    frames = 0

    def decide(self, outputs: Any, confidence: float | None = None) -> tuple[Detections, ...]:
        self.frames += 1
        return (found([[0, 0, 8, 8]] * self.frames),)

    def reset(self) -> None:
        self.frames = 0

    def to(self, device: torch.device | str) -> Counting:
        return Counting(self.victim, self.defense, self.options)


class Counter:
    name, kind = "counter", DefenseKind.temporal

    def around(self, victim: Victim) -> Victim:
        return Counting(victim, self, {})


def test_a_defence_that_remembers_has_a_memory_for_each_view_until_the_film_breaks_off() -> None:
    tracked = TrackedVictim(Counter().around(ToyDetector()), Hide(HideConfig()), LABELS[0])

    def counts(*views: str) -> list[int]:
        return [len(seen.scores) for seen in tracked.detect(torch.zeros(len(views), 3, 32, 32), views)]

    assert counts("filmed") == [1]
    assert counts("patch", "grey") == [1, 1]
    assert counts("filmed") == [2]
    tracked.cut()
    assert counts("filmed") == [1]
    tracked.forget()
    assert counts("filmed") == [1]
