"""States how the numbers of an evaluation were made, so that nobody has to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.metrics.average_precision import MAX_DETECTIONS
from physadv.metrics.outcomes import IOU, NEARBY_IOU
from physadv.pipelines.conditions import DESCRIPTIONS
from physadv.pipelines.showing import KEPT_FROM, Observations, Showing

if TYPE_CHECKING:
    from physadv.pipelines.evaluate import Trial

_SUCCESS = {
    "hide": "the object was detected without the patch and, under the same draw, is not detected with it",
    "alter": "the object was detected without the patch and, under the same draw, is reported under another label",
    "conjure": "what was not reported without the patch is, under the same draw, reported where the patch is",
}


def protocol(trial: Trial, seen: Observations, showing: Showing) -> dict[str, Any]:
    """Everything a reader needs to repeat or compare the numbers."""
    truth = seen.truth
    objects = {int(o) for o in truth.object_of[truth.judged]}
    return {
        "goal": trial.goal_name,
        "success": _SUCCESS.get(trial.goal_name, "the goal is achieved with the patch and was not without it"),
        "labels": [seen.categories[c] for c in truth.judged_categories],
        "truth_from": trial.truth_from,
        "split": trial.split,
        "images": len(showing),
        "draws": trial.draws,
        "objects": len(objects),
        "not_judged": int(len(truth.judged) - truth.judged.sum()),
        "patch_mm": [round(trial.patch.width_mm, 3), round(trial.patch.height_mm, 3)],
        "conditions": DESCRIPTIONS,
        "detected": f"matched one to one with its own label at IoU >= {IOU:g}, best score first",
        "outcomes": f"misclassified: another label at IoU >= {IOU:g}; badly localised: own label at IoU "
        f"{NEARBY_IOU:g} to {IOU:g}; else missed; reports that belong to another object do not count",
        "average_precision": f"COCO's 101-point interpolation, at most {MAX_DETECTIONS} reports an image and label, "
        f"scores from {KEPT_FROM:g}; objects that are not judged are ignored",
        "intervals": "95 %: Wilson for shares, n counts objects (draws of one object are averaged); bootstrap over "
        f"images with {trial.resamples} resamples for average precision",
        "seed": trial.seed,
        "batch": trial.batch,
    }
