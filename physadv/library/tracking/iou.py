"""Follows boxes from frame to frame by their overlap, so that an object keeps its number.

The idea is SORT's (Bewley et al. 2016): predict every box, give each the detection that overlaps it most, all at once
(Hungarian method). In place of a Kalman filter a box moves at its smoothed velocity: at 10 to 30 frames a second the
detector's own jitter is larger than what a filter would gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

F64 = npt.NDArray[np.float64]

MIN_IOU = 0.3
PATIENCE = 10  # frames for which an object that is not reported keeps its number
_NEW_SHARE = 0.4  # of the last step in the smoothed velocity
_FRICTION = 0.8  # of the velocity, for every frame in which the object was not seen


@dataclass(frozen=True, slots=True)
class Track:
    """One object as far as it is known; a new value every frame."""

    number: int  # from 1, never used again
    label: int
    box_xyxy_px: tuple[float, float, float, float]  # as reported last, moved on where it was not reported since
    velocity_px: tuple[float, float, float, float]  # a frame, of each edge
    seen: int  # frames in which it was reported
    missed: int  # frames since it was reported last; 0: reported in this one


class IouTracker:
    """Gives detections numbers that last. Objects of different labels are never confused with one another."""

    def __init__(self, min_iou: float = MIN_IOU, patience: int = PATIENCE) -> None:
        self._least_iou = min_iou
        self._patience = patience
        self._next = 1
        self.tracks: tuple[Track, ...] = ()

    def update(self, boxes_xyxy_px: F64, labels: Sequence[int], frames: int = 1) -> tuple[int, ...]:
        """The number of every detection ``(n, 4)`` of the next frame; ``frames`` have passed since the last one."""
        moved = [_moved(track, frames) for track in self.tracks]
        pairs = self._pairs(moved, boxes_xyxy_px, labels)
        kept: list[Track] = []
        numbers = [0] * len(labels)
        for index, track in enumerate(moved):
            if (found := pairs.get(index)) is not None:
                kept.append(_seen(self.tracks[index], boxes_xyxy_px[found], frames))
                numbers[found] = track.number
            elif track.missed <= self._patience:
                kept.append(track)
        for found, number in enumerate(numbers):
            if not number:
                x0, y0, x1, y1 = (float(v) for v in boxes_xyxy_px[found])
                kept.append(Track(self._next, labels[found], (x0, y0, x1, y1), (0.0, 0.0, 0.0, 0.0), 1, 0))
                numbers[found] = self._next
                self._next += 1
        self.tracks = tuple(kept)
        return tuple(numbers)

    def _pairs(self, moved: Sequence[Track], boxes: F64, labels: Sequence[int]) -> dict[int, int]:
        """Index of a track → index of its detection."""
        if not moved or not len(labels):
            return {}
        overlaps = overlap(np.array([track.box_xyxy_px for track in moved]), boxes)
        overlaps *= np.array([track.label for track in moved])[:, None] == np.array(labels)[None]
        rows, columns = linear_sum_assignment(-overlaps)
        return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if overlaps[i, j] >= self._least_iou}


def overlap(boxes: F64, others: F64) -> F64:
    """``(n, m)`` intersection over union of ``(n, 4)`` and ``(m, 4)`` boxes."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = (high - low).clip(0).prod(2)
    areas = [(b[:, 2:] - b[:, :2]).clip(0).prod(1) for b in (boxes, others)]
    made: F64 = shared / (areas[0][:, None] + areas[1][None] - shared).clip(1e-9)
    return made


def _moved(track: Track, frames: int) -> Track:
    """Where it should be now; an object out of sight slows down."""
    speed = [v * _FRICTION**track.missed for v in track.velocity_px]
    x0, y0, x1, y1 = (at + v * frames for at, v in zip(track.box_xyxy_px, speed, strict=True))
    box = (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))
    return Track(track.number, track.label, box, track.velocity_px, track.seen, track.missed + frames)


def _seen(track: Track, box: F64, frames: int) -> Track:
    steps = frames + track.missed
    x0, y0, x1, y1 = (float(v) for v in box)
    now = (x0, y0, x1, y1)
    share = _NEW_SHARE if track.seen > 1 else 1.0
    new = [(a - b) / steps for a, b in zip(now, track.box_xyxy_px, strict=True)] if not track.missed else None
    u0, v0, u1, v1 = (
        track.velocity_px
        if new is None
        else (share * n + (1 - share) * old for n, old in zip(new, track.velocity_px, strict=True))
    )
    return Track(track.number, track.label, now, (u0, v0, u1, v1), track.seen + 1, 0)
