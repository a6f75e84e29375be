"""Holds a followed box steady, so that what is laid on it does not jump with the detector's jitter.

The One Euro filter (Casiez, Roussel and Vogel 2012): a low-pass whose cutoff grows with speed,
``f_c = f_min + β |ẋ|``. What stands still is smoothed much, what moves lags little: at ``v`` by ``v / (2π f_c)``.

We differ in what is filtered: the centre in heights of the box, and the logarithms of width and height, so that near
and far people are smoothed alike; and a box that has left its filtered self by more than jitter begins anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from physadv.library.tracking.iou import overlap

F64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

MIN_CUTOFF_HZ = 0.5  # f_min: of what stands still
BETA = 5.0  # per height: somebody who walks past at 1.4 m/s (0.8 heights a second) is cut at 4.6 Hz, and lags by 3 cm
SPEED_CUTOFF_HZ = 1.0  # of the speed itself, as in the paper
SAME_IOU = 0.5  # below which the box is elsewhere, not jittering
STALE_S = 1.0  # from which the last box says nothing


@dataclass
class SteadyBox:
    """One box over time."""

    _at: F64 | None = None  # (4,) centre in px, logarithms of width and height, filtered
    _speed: F64 = field(default_factory=lambda: np.zeros(4))  # (4,) a second, in heights and in logarithms, filtered
    _time_s: float = 0.0

    def follow(self, box_xyxy_px: Box, time_s: float) -> Box:
        """The filtered box at ``time_s``; times that do not grow, gaps and jumps begin anew."""
        now, step_s = _state(box_xyxy_px), time_s - self._time_s
        self._time_s = time_s
        if self._at is None or not 0 < step_s <= STALE_S or not _same(_box(self._at), box_xyxy_px):
            self._at, self._speed = now, np.zeros(4)
            return box_xyxy_px
        scale = np.array([math.exp(self._at[3])] * 2 + [1.0, 1.0])
        raw = (now - self._at) / scale / step_s
        self._speed = self._speed + _share(np.full(4, SPEED_CUTOFF_HZ), step_s) * (raw - self._speed)
        cutoff_hz = MIN_CUTOFF_HZ + BETA * np.abs(self._speed)
        self._at = self._at + _share(cutoff_hz, step_s) * (now - self._at)
        return _box(self._at)


def _share(cutoff_hz: F64, step_s: float) -> F64:
    """Weight of the newest value in a low-pass: ``α = 1 / (1 + τ / T)`` with ``τ = 1 / (2π f_c)``."""
    shares: F64 = 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff_hz * step_s))
    return shares


def _state(box: Box) -> F64:
    left, top, right, bottom = box
    return np.array([
        (left + right) / 2, (top + bottom) / 2, math.log(max(right - left, 1.0)), math.log(max(bottom - top, 1.0)),
    ])  # fmt: skip


def _box(state: F64) -> Box:
    x, y = float(state[0]), float(state[1])
    across, down = math.exp(state[2]) / 2, math.exp(state[3]) / 2
    return x - across, y - down, x + across, y + down


def _same(box: Box, other: Box) -> bool:
    return bool(overlap(np.array([box]), np.array([other]))[0, 0] >= SAME_IOU)
