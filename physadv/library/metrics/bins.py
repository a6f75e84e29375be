"""Where an attack works: judged objects grouped by distance, or by size on the image when distance is unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from physadv.library.metrics.tables import F64, Bool, Truth

DISTANCE_EDGES_M = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, math.inf)
HEIGHT_EDGES_PX = (0.0, 16.0, 32.0, 64.0, 96.0, 128.0, 192.0, 256.0, 384.0, 512.0, math.inf)


@dataclass(frozen=True, slots=True)
class Bin:
    """One group: ``low <= quantity < high``."""

    by: str  # "distance_m" or "height_px"
    low: float
    high: float
    rows: Bool  # (M,) judged objects that fall into it

    @property
    def words(self) -> str:
        """As shown to people: "10–15 m", "≥ 512 px"."""
        unit = "m" if self.by == "distance_m" else "px"
        if math.isinf(self.high):
            return f"≥ {self.low:g} {unit}"
        return f"{self.low:g}–{self.high:g} {unit}"


def bins(truth: Truth) -> tuple[Bin, ...]:
    """The bins that hold at least one judged object, nearest or smallest first."""
    if truth.distance_m is not None:
        return _bins("distance_m", truth.distance_m, truth.judged, DISTANCE_EDGES_M)
    return _bins("height_px", truth.height_px, truth.judged, HEIGHT_EDGES_PX)


def _bins(by: str, values: F64, judged: Bool, edges: tuple[float, ...]) -> tuple[Bin, ...]:
    made = (Bin(by, low, high, judged & (values >= low) & (values < high)) for low, high in pairwise(edges))
    return tuple(group for group in made if np.any(group.rows))
