"""A box that vanishes while its neighbours stay is held for some frames.

Objects leave a film by its edge, behind others, or all at once when the camera turns or the scene is cut. One that
was there, and is gone in the middle of the picture while what was reported beside it still is, was rather lost by the
detector; a patch that hides its wearer alone looks like this. Memories of this kind are what makes traffic sign
readers of the market hard to fool (Wang et al., NDSS 2025, "Revisiting Physical-World Adversarial Attack on Traffic
Sign Recognition").

A held box moves on at the speed it had, and keeps its last score. Neighbours are all objects reported in the last frame
in which it was reported itself; at least half of them must still be reported.
"""

from __future__ import annotations

from typing import Any

from physadv.core.access import Task
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.library.tracking.iou import F64, IouTracker, Track
from physadv.parts.defenses.tasks import require_task
from physadv.parts.defenses.temporal.options import HoldConfig, check_hold
from physadv.parts.defenses.temporal.remembering import Recollection, Remembering


class Hold:
    """Goes on reporting what vanishes alone."""

    kind = DefenseKind.temporal

    def __init__(self, config: HoldConfig) -> None:
        check_hold(config)
        self.config = config

    @property
    def name(self) -> str:
        return f"hold-{self.config.frames}" + ("-alone" if self.config.alone else "")

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The detector whose boxes are held."""
        require_task(self, victim, Task.detection, "holds boxes")
        frames, seen, alone = self.config.frames, self.config.seen, self.config.alone
        options = {"frames": frames, "seen": seen, "alone": alone}
        return Remembering(victim, self, options, lambda: HoldMemory(frames, seen, alone=alone), seen)


class HoldMemory:
    """The objects of a film, each with its last score and its neighbours."""

    def __init__(self, frames: int, seen: int, *, alone: bool) -> None:
        self._frames, self._seen, self._alone = frames, seen, alone
        self._tracker = IouTracker(patience=frames)
        self._last: dict[int, tuple[float, frozenset[int]]] = {}

    def next(self, boxes_xyxy_px: F64, labels: list[int], scores: list[float]) -> Recollection:
        """The reports as they are, and what is held beside them."""
        numbers = self._tracker.update(boxes_xyxy_px, labels)
        now = frozenset(numbers)
        known = {track.number for track in self._tracker.tracks}
        kept = {number: last for number, last in self._last.items() if number in known}
        self._last = kept | {n: (score, now - {n}) for n, score in zip(numbers, scores, strict=True)}
        held = tuple((t, self._last[t.number][0]) for t in self._tracker.tracks if self._holds(t, now))
        return Recollection(tuple(scores), held)

    def _holds(self, track: Track, now: frozenset[int]) -> bool:
        if not 1 <= track.missed <= self._frames or track.seen < self._seen:
            return False
        neighbours = self._last[track.number][1]
        return 2 * len(neighbours & now) >= len(neighbours) if neighbours else self._alone
