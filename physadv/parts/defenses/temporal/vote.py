"""k of n: an object is reported once it was reported in k of the last n frames, and as long as it was.

The rule by which alarms of trackers are confirmed ("M of N" logic: Blackman and Popoli 1999, Design and Analysis of
Modern Tracking Systems). It silences what flashes up in single frames, and bridges frames in which an object is
lost. With thresholds in mind it is an order statistic,

    reported in k of n frames  ⟺  the k-th best of its last n scores reaches the threshold,

so that is the score an object has: 0 in frames without a report, and before the first one.

    frame          1    2    3    4    5    6
    its score     .8   .9    –   .7    –    –
    2 of 3         0   .8   .8   .7    0    0
"""

from __future__ import annotations

from collections import deque
from typing import Any

from physadv.core.access import Task
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.library.tracking.iou import F64, IouTracker
from physadv.parts.defenses.tasks import require_task
from physadv.parts.defenses.temporal.options import VoteConfig, check_vote
from physadv.parts.defenses.temporal.remembering import Recollection, Remembering


class Vote:
    """Reports what k of the last n frames report."""

    kind = DefenseKind.temporal

    def __init__(self, config: VoteConfig) -> None:
        check_vote(config)
        self.needed, self.frames = config.needed, config.frames

    @property
    def name(self) -> str:
        return f"vote-{self.needed}-of-{self.frames}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The detector whose reports are voted on."""
        require_task(self, victim, Task.detection, "counts reports of objects")
        options = {"needed": self.needed, "frames": self.frames}
        return Remembering(victim, self, options, lambda: VoteMemory(self.needed, self.frames), self.frames - 1)


class VoteMemory:
    """The last scores of every object of a film."""

    def __init__(self, needed: int, frames: int) -> None:
        self._needed, self._frames = needed, frames
        self._tracker = IouTracker(patience=frames - 1)
        self._scores: dict[int, deque[float]] = {}

    def next(self, boxes_xyxy_px: F64, labels: list[int], scores: list[float]) -> Recollection:
        """Each object's score is the k-th best of its last n."""
        numbers = self._tracker.update(boxes_xyxy_px, labels)
        now = dict(zip(numbers, scores, strict=True))
        tracks = self._tracker.tracks
        kept = {track.number: self._scores.get(track.number, deque(maxlen=self._frames)) for track in tracks}
        for number, past in kept.items():
            past.append(now.get(number, 0.0))
        self._scores = kept
        voted = {number: self._kth_best(past) for number, past in kept.items()}
        added = tuple((t, voted[t.number]) for t in tracks if t.number not in now and voted[t.number] > 0)
        return Recollection(tuple(voted[number] for number in numbers), added)

    def _kth_best(self, scores: deque[float]) -> float:
        return sorted(scores, reverse=True)[self._needed - 1] if len(scores) >= self._needed else 0.0
