"""Average precision on the judged categories: the library's value, ours, and ours in every resample of the images.

The quoted value comes from faster-coco-eval on COCO-format dictionaries, so that anyone can check it with the files we
write; ours equals it to 1e-9. An interval needs a thousand re-evaluations; matching does not depend on which images
were drawn, so it is done once and only the accumulation is repeated, for many resamples at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from physadv.core.types import Score
from physadv.library.metrics.coco_format import results_of
from physadv.library.metrics.interval import studentised
from physadv.library.metrics.ranking import rankings
from physadv.library.metrics.tables import F64, MAX_DETECTIONS, Findings, Truth

IOUS = tuple(float(t) for t in np.linspace(0.5, 0.95, 10))  # COCO's ten thresholds


def library_average_precision(
    ground_truth: dict[str, Any], results: Sequence[dict[str, Any]] | Findings, categories: Sequence[int]
) -> tuple[float, float]:
    """AP over IoU 0.5 to 0.95 and AP at 0.5, both with at most 100 detections; NaN when nothing is judged.

    ``categories`` are COCO's numbers, from 1. Of ``results`` given as :class:`Findings` only those that count are
    turned into the dictionaries that the library works on.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    if not any(a["area"] >= 0 for a in ground_truth["annotations"]):
        return float("nan"), float("nan")
    if isinstance(results, Findings):
        counted = results[np.isin(results.category, np.asarray(categories) - 1)].capped()
        results = list(results_of(counted))
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


def height_average_precision(
    ground_truth: dict[str, Any], results: Sequence[dict[str, Any]], categories: Sequence[int], min_height_px: float
) -> tuple[float, float]:
    """The same for objects from a height on: COCO's rule of areas, with the square of the height as area.

    Smaller objects count neither way, and neither does a report that is smaller and of no object.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    if not results:
        return 0.0, 0.0
    marks = [{**mark, "area": mark["bbox"][3] ** 2} for mark in ground_truth["annotations"]]
    truth = COCO({**ground_truth, "annotations": marks})
    reports = truth.loadRes(list(results))
    for report in reports.dataset["annotations"]:
        report["area"] = report["bbox"][3] ** 2
    evaluation = COCOeval_faster(truth, reports, iouType="bbox")
    evaluation.params.catIds, evaluation.params.maxDets = list(categories), [MAX_DETECTIONS]
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[min_height_px**2, 1e10]], ["all"]
    evaluation.evaluate()
    evaluation.accumulate()
    precision = np.asarray(evaluation.eval["precision"])
    return float(precision.mean()), float(precision[0].mean())


def resampled_precision(truth: Truth, findings: Findings, weights: F64, ious: Sequence[float] = IOUS) -> F64:
    """``(R, T)`` the mean average precision over the judged categories at every IoU, in every resample.

    A resample is the views in their order, those of an image as often as ``weights`` ``(R, I)`` says, copies adjacent.
    Categories of which it holds no judged object are left out; NaN where that leaves none.
    """
    total, count = np.zeros((len(weights), len(ious))), np.zeros((len(weights), 1))
    whole = weights.astype(np.int32)
    for ranking in rankings(truth, findings, ious, int(whole.max(initial=0))):
        values, drawn = ranking.precision(whole)
        total += values
        count += drawn[:, None] > 0
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def own_precision(truth: Truth, findings: Findings, ious: Sequence[float] = IOUS) -> F64:
    """``(T,)`` the mean average precision over the judged categories at every IoU; NaN when nothing is judged."""
    images = int(truth.image_of_view.max(initial=-1)) + 1
    value: F64 = resampled_precision(truth, findings, np.ones((1, images)), ious)[0]
    return value


def precision_scores(
    truth: Truth, findings: Findings, weights: F64, library: tuple[float, float] | None
) -> dict[str, tuple[Score, F64]]:
    """AP and AP50, each with its value in every resample of ``weights`` ``(R, I)``.

    The quoted value is ``library``'s, or ours without it.

    ``n`` counts judged objects. Fewer reports of the object suit the attacker, so higher is safer.
    """
    n = len(np.unique(truth.object_of[truth.judged]))
    if library is None:
        own = own_precision(truth, findings)
        library = float(own.mean()), float(own[0])
    replicates = resampled_precision(truth, findings, weights)
    made = {"AP": (library[0], replicates.mean(1)), "AP50": (library[1], replicates[:, 0])}
    photos = len(np.unique(truth.image_of_view[truth.view_of[truth.judged]]))
    return {
        name: (Score(name, value, *studentised(value, each, photos, (0.0, 1.0)), n, "safer", photos), each)
        for name, (value, each) in made.items()
    }


def average_precision(
    truth: Truth, findings: Findings, weights: F64, library: tuple[float, float] | None = None
) -> tuple[Score, Score]:
    """AP and AP50 with the bootstrap over images given by ``weights`` ``(R, I)``; see :func:`precision_scores`."""
    made = precision_scores(truth, findings, weights, library)
    return made["AP"][0], made["AP50"][0]
