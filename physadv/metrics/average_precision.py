"""Average precision on the judged categories: the library's value, and our interval around it.

The value comes from faster-coco-eval on COCO-format dictionaries, so that anyone can check it with the files we write.
An interval needs a thousand re-evaluations; matching does not depend on which images were drawn, so it is done once
and only the accumulation is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from physadv.metrics.interval import bootstrap
from physadv.metrics.matching import match
from physadv.metrics.tables import F64, I64, Bool, Findings, Truth
from physadv.types import Score

IOUS = tuple(float(t) for t in np.linspace(0.5, 0.95, 10))  # COCO's ten thresholds
RECALLS = np.linspace(0.0, 1.0, 101)
MAX_DETECTIONS = 100  # per view and category


def library_average_precision(
    ground_truth: dict[str, Any], results: Sequence[dict[str, Any]], categories: Sequence[int]
) -> tuple[float, float]:
    """AP over IoU 0.5 to 0.95 and AP at 0.5, both with at most 100 detections; NaN when nothing is judged."""
    from faster_coco_eval import COCO, COCOeval_faster

    if not any(a["area"] >= 0 for a in ground_truth["annotations"]):
        return float("nan"), float("nan")
    if not results:
        return 0.0, 0.0
    truth = COCO(ground_truth)
    evaluation = COCOeval_faster(truth, truth.loadRes(list(results)), iouType="bbox")
    evaluation.params.catIds = list(categories)
    evaluation.params.maxDets = [1, 10, MAX_DETECTIONS]
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0]), float(evaluation.stats[1])


@dataclass(frozen=True, slots=True)
class Accumulator:
    """One category's matched findings, ready to be weighted by how often each image was drawn."""

    image_of: I64  # (K,) of each finding that counts, best first
    right: Bool  # (K,) matched to a judged object
    judged_per_image: F64  # (I,)

    def average_precision(self, weights: F64) -> float:
        """101-point interpolated average precision; NaN when no judged object was drawn."""
        judged = float(self.judged_per_image @ weights)
        if judged == 0:
            return float("nan")
        drawn = weights[self.image_of]
        right = np.cumsum(drawn * self.right)[self.right]
        reported = np.cumsum(drawn)[self.right]
        if not len(right):
            return 0.0
        precision = np.divide(right, reported, out=np.zeros_like(right), where=reported > 0)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(right / judged, RECALLS, "left")
        return float(np.append(envelope, 0.0)[np.minimum(at, len(envelope))].mean())


def accumulators(truth: Truth, findings: Findings, iou: float) -> tuple[Accumulator, ...]:
    """Match once; one :class:`Accumulator` for each judged category."""
    matches = match(truth, findings, iou, MAX_DETECTIONS)
    images = int(truth.image_of_view.max(initial=-1)) + 1
    made = []
    for category in truth.judged_categories:
        rows = matches.order[(findings.category[matches.order] == category) & ~matches.ignored[matches.order]]
        judged = truth.judged & (truth.category == category)
        made.append(
            Accumulator(
                truth.image_of_view[findings.view_of[rows]],
                matches.matched[rows],
                np.bincount(truth.image_of_view[truth.view_of[judged]], minlength=images).astype(np.float64),
            )
        )
    return tuple(made)


def mean_average_precision(parts: Sequence[Accumulator], weights: F64) -> float:
    """The mean over categories and thresholds that have judged objects among the drawn images."""
    values = [value for part in parts if not np.isnan(value := part.average_precision(weights))]
    return float(np.mean(values)) if values else float("nan")


def average_precision(
    truth: Truth, findings: Findings, weights: F64, library: tuple[float, float]
) -> tuple[Score, Score]:
    """AP and AP50 as :class:`Score`: ``library``'s values, with the bootstrap over images given by ``weights``.

    ``n`` counts judged objects. Fewer reports of the object suit the attacker, so higher is safer.
    """
    n = len(np.unique(truth.object_of[truth.judged]))
    parts_by_iou = [accumulators(truth, findings, iou) for iou in IOUS]
    every = [part for parts in parts_by_iou for part in parts]
    low, high = bootstrap(lambda row: mean_average_precision(every, row), weights)
    low50, high50 = bootstrap(lambda row: mean_average_precision(parts_by_iou[0], row), weights)
    return Score("AP", library[0], low, high, n, "safer"), Score("AP50", library[1], low50, high50, n, "safer")
