"""The outcome of each object: exactly one of detected, misclassified, badly localised, missed."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from physadv.core.types import Score
from physadv.library.metrics.interval import clustered_wilson
from physadv.library.metrics.matching import match, overlaps, pairs_within
from physadv.library.metrics.tables import Bool, Findings, Truth, as_written

IOU = 0.5
NEARBY_IOU = 0.1  # less overlap than this is another thing (as TIDE's background threshold, Bolya et al. 2020)


class Outcome(IntEnum):
    """Ordered from what the defender wants to what the attacker wants."""

    DETECTED = 0
    MISCLASSIFIED = 1
    BADLY_LOCALISED = 2
    MISSED = 3

    @property
    def words(self) -> str:
        """As shown to people."""
        return self.name.lower().replace("_", " ")


def outcomes(truth: Truth, findings: Findings, confidence: float, iou: float = IOU) -> npt.NDArray[np.int8]:
    """``(M,)`` one :class:`Outcome` an object, from reports scored at least ``confidence``; read it where judged.

    Detected: matched one to one at ``iou`` with its own label. Otherwise a report that belongs to no object explains
    it: misclassified (``iou`` with another label), badly localised (own label, IoU from 0.1 to ``iou``), else missed.
    """
    confident = findings.above(confidence)
    matches = match(truth, confident, iou)
    outcome = np.where(matches.found, Outcome.DETECTED, Outcome.MISSED).astype(np.int8)
    lost = np.flatnonzero(truth.judged & ~matches.found)
    spare = confident[~matches.matched]
    which, report = pairs_within(truth.view_of[lost], spare.view_of)
    thing = lost[which]
    overlap = overlaps(as_written(spare.boxes_xyxy_px)[report], as_written(truth.boxes_xyxy_px)[thing])
    own = spare.category[report] == truth.category[thing]
    outcome[thing[own & (overlap >= NEARBY_IOU)]] = Outcome.BADLY_LOCALISED
    outcome[thing[~own & (overlap >= iou)]] = Outcome.MISCLASSIFIED
    return outcome


def counts(truth: Truth, outcome: npt.NDArray[np.int8]) -> dict[str, int]:
    """How many judged objects (in all draws) came to each outcome; every outcome is present."""
    return {kind.words: int((outcome[truth.judged] == kind).sum()) for kind in Outcome}


def share(name: str, true: Bool, tried: Bool, truth: Truth, higher_is: str) -> Score:
    """The share of ``tried`` rows that are ``true``, with Wilson's interval, widened where objects share photos.

    Rows of one object in several draws are averaged: ``n`` counts objects, because draws are not independent objects.
    NaN, with the interval (0, 1), when nothing was tried.
    """
    photo = truth.image_of_view[truth.view_of[tried]]
    n = len(np.unique(truth.object_of[tried]))
    value = float(true[tried].mean()) if n else float("nan")
    low, high = clustered_wilson(true[tried], photo, n)
    return Score(name, value, low, high, n, higher_is, len(np.unique(photo)))
