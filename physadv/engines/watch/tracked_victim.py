"""Reports of a victim in every view of a frame, with numbers that last, and whether the attack succeeded there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.defended import defended_in, remembers
from physadv.core.errors import IncompatibleParts
from physadv.core.labels import index_of
from physadv.core.protocols import Goal, Victim
from physadv.core.types import Detections
from physadv.engines.watch.overlay import FILMED, Box, one_object
from physadv.library.tracking.iou import IouTracker, Track, overlap

FOUND_IOU = 0.5  # from which a report is about the object


@dataclass(frozen=True, slots=True)
class TrackedDetection:
    """One detection."""

    box_xyxy_px: Box
    label: str
    score: float
    track: int


@dataclass(frozen=True, slots=True)
class ViewResult:
    """One view of one frame through one victim."""

    reports: tuple[TrackedDetection, ...]
    expected: Box | None
    success: bool | None  # None where it does not count
    alarm: float | None = None  # of a defence that raises one; above 1 it is raised


@dataclass(frozen=True, slots=True)
class ExpectedPlace:
    """Where the object is expected, and who says so."""

    box_xyxy_px: Box
    by_tags: bool  # whatever the detector reports; else where a track of its own reports is
    fresh: bool = True  # the track was reported in this very frame


class TrackedVictim:
    """A victim with its trackers, one a view."""

    def __init__(self, victim: Victim, goal: Goal, label: str, *, any_object: bool = False) -> None:
        """With ``any_object`` the victim need not know the label: the goal is that something else appears."""
        if victim.task is Task.classification:
            raise IncompatibleParts(
                f"victim {victim.name!r} is a classifier: it names whole pictures, so it finds nothing in a film. "
                "Choose a detector"
            )
        own = index_of(label, victim.labels)
        if own is None and not any_object:
            known = ", ".join(victim.labels[:12]) + (", …" if len(victim.labels) > 12 else "")
            raise IncompatibleParts(
                f"victim {victim.name!r} does not know the label {label!r} of object=; it knows {known}. "
                "If it calls that class otherwise, name its classes: victim.labels=[…]; else choose another victim, "
                "or another object="
            )
        self.victim = victim
        self.label = label
        self.confidence = victim.confidence
        self._own = own
        self._any_object = any_object
        try:
            self._goal = goal.bound(victim.labels)
        except IncompatibleParts as error:
            raise IncompatibleParts(f"victim {victim.name!r} does not fit: {error}") from error
        self._remembers = remembers(victim)
        self._views: dict[str, Victim] = {}  # with a memory of its own for each, where it remembers
        self._trackers: dict[str, IouTracker] = {}
        self._followed = 0  # number of the track that stands for the object where no board is seen

    @torch.no_grad()
    def detect(self, images: Tensor, views: Sequence[str] = (FILMED,)) -> tuple[Detections, ...]:
        """Reports in pictures ``(V,3,H,W)``, one of each view, at the threshold of now."""
        if not self._remembers:
            return self.victim.decide(self.victim.outputs(images), self.confidence)
        found: list[Detections] = []
        for view, image in zip(views, images, strict=True):
            victim = self._views.setdefault(view, self.victim.to(images.device))
            found += victim.decide(victim.outputs(image[None]), self.confidence)
        return tuple(found)

    @torch.no_grad()
    def alarms(self, images: Tensor) -> list[float | None]:
        """Of pictures ``(V,3,H,W)``; ``None`` each where no defence raises one."""
        behind = defended_in(self.victim)
        told = behind.alarm(images) if behind and len(images) else None
        return [None] * len(images) if told is None else [float(score) for score in told]

    def numbered(self, view: str, found: Detections, frames: int) -> tuple[TrackedDetection, ...]:
        """The reports of a view's next frame with the numbers of their tracks."""
        tracker = self._trackers.setdefault(view, IouTracker())
        labels = found.labels.tolist()
        boxes = found.boxes_xyxy_px.double().cpu().numpy()
        numbers = tracker.update(boxes, labels, frames)
        rows = zip(boxes.tolist(), labels, found.scores.tolist(), numbers, strict=True)
        return tuple(TrackedDetection((a, b, c, d), self.victim.labels[k], s, n) for (a, b, c, d), k, s, n in rows)

    def judged(self, found: Sequence[Detections], place: ExpectedPlace | None) -> list[bool | None]:
        """Success in every view, the one as filmed first; ``None`` where it does not count.

        Where tags say where the object is, every view counts. Elsewhere the picture as filmed is the clean one, so it
        has no success, and the others have one only where the object is found as filmed in this very frame and the
        goal is not achieved without the patch: as
        :func:`~physadv.library.metrics.summary.eligible` has it. A track that lives
        on without a report says nothing.
        """
        if place is None:
            return [None] * len(found)
        scene = one_object(torch.zeros(len(found), 3, 1, 1), place.box_xyxy_px, self.label)
        achieved = [bool(done) for done in self._goal.achieved(tuple(found), scene).tolist()]
        if place.by_tags:
            return list(achieved)
        counts = place.fresh and not achieved[0] and (self._any_object or self._found(found[0], place.box_xyxy_px))
        return [None, *(done if counts else None for done in achieved[1:])]

    def _found(self, found: Detections, box: Box) -> bool:
        """Whether the object's own label is reported there."""
        boxes = found.boxes_xyxy_px.double().cpu().numpy()[found.labels.cpu().numpy() == self._own]
        return len(boxes) > 0 and bool((overlap(boxes, np.array([box])) >= FOUND_IOU).any())

    def remember(self, expected: Box) -> None:
        """The object is here for certain: its track is the one to follow when the board is out of sight."""
        near = [t for t in self._own_tracks() if _iou(t.box_xyxy_px, expected) >= 0.3]
        if near:
            self._followed = max(near, key=lambda t: _iou(t.box_xyxy_px, expected)).number

    def forget(self) -> None:
        """Another picture follows, not another moment: nothing seen so far goes on in it. Numbers stay used up."""
        self.cut()
        self._followed = 0
        for tracker in self._trackers.values():
            tracker.tracks = ()

    def cut(self) -> None:
        """Frames are missing: what defences remember of those before is stale."""
        for victim in self._views.values():
            if behind := defended_in(victim):
                behind.reset()

    def tracked(self, size_px: tuple[int, int]) -> ExpectedPlace | None:
        """Where the object is by the track that is followed; the tallest one's, when that one is lost."""
        tracks = {track.number: track for track in self._own_tracks()}
        track = tracks.get(self._followed)
        if track is None:
            fresh = [t for t in tracks.values() if t.missed == 0]
            if not fresh:
                return None
            track = max(fresh, key=lambda t: t.box_xyxy_px[3] - t.box_xyxy_px[1])
            self._followed = track.number
        box = _inside(track.box_xyxy_px, size_px)
        return ExpectedPlace(box, by_tags=False, fresh=track.missed == 0) if box else None

    def wearers(self, size_px: tuple[int, int]) -> dict[int, Box]:
        """Number → box of every track that may wear the overlay: the followed one first, then those reported twice."""
        tracks = sorted(self._own_tracks(), key=lambda track: track.number != self._followed)
        boxes = {t.number: _inside(t.box_xyxy_px, size_px) for t in tracks if t.seen > 1 or t.number == self._followed}
        return {number: box for number, box in boxes.items() if box}

    def _own_tracks(self) -> list[Track]:
        tracker = self._trackers.get(FILMED)
        return [t for t in tracker.tracks if t.label == self._own] if tracker else []


def _inside(box: Box, size_px: tuple[int, int]) -> Box | None:
    """The part that is in a picture of ``size_px`` (width, height)."""
    (x0, y0, x1, y1), (width, height) = box, size_px
    left, top, right, bottom = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
    return (left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else None


def _iou(box: Box, other: Box) -> float:
    return float(overlap(np.array([box]), np.array([other]))[0, 0])
