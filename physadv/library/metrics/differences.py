"""By how much two arms differ, on the same images: the resamples are shared, so what images add cancels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from physadv.core.types import Score
from physadv.library.metrics.interval import studentised
from physadv.library.metrics.tables import F64

FROM_0_TO_1 = ("AP", "AP50", "recall", "success", "robust accuracy", "confidence")
"""Scores that lie in [0, 1], so that two of them differ by 1 at most."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One score of an arm minus the same score of another, with its 95 % interval."""

    score: str
    minus: str  # the other arm
    value: float
    low: float
    high: float
    n: int
    higher_is: str
    photos: int | None = None


def difference(score: Score, other: Score, here: F64, there: F64, minus: str) -> Difference:
    """``here`` and ``there`` ``(R,)`` are the two scores in the same resamples of the images.

    Student's t with the bootstrap's standard error of the difference: an interval without 0 says that the two
    arms differ. Where every image changed alike, so that the bootstrap sees no spread, the two single intervals
    are put together instead (square-and-add, Newcombe 1998, method 10): six of six is not certainty. NaN where either
    could not be measured; ``n`` is the smaller one.
    """
    value = score.value - other.value
    photos = min((s.photos if s.photos is not None else s.n) for s in (score, other))
    limits = (-1.0, 1.0) if score.name in FROM_0_TO_1 else (-math.inf, math.inf)
    low, high = studentised(value, here - there, photos, limits)
    if photos < 2 or high - low < 1e-12:
        low = value - math.hypot(score.value - score.low, other.high - other.value)
        high = value + math.hypot(score.high - score.value, other.value - other.low)
    return Difference(score.name, minus, value, low, high, min(score.n, other.n), score.higher_is, photos)
