"""States how the numbers of an evaluation were made, so that nobody has to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from physadv.engines.judging.views import Observations, ViewSource
from physadv.library.metrics.interval import MINIMUM_N
from physadv.library.metrics.outcomes import NEARBY_IOU
from physadv.library.metrics.tables import MAX_DETECTIONS, Truth
from physadv.parts.patches.controls import PATCH, descriptions

if TYPE_CHECKING:
    from physadv.engines.judging.trial import Trial

_SUCCESS = {
    "hide": "the object was detected without the patch and, under the same draw, is not detected with it",
    "alter": "the object was detected without the patch and, under the same draw, is reported under another label",
    "conjure": "what was not reported without the patch is, under the same draw, reported where the patch is",
}


def protocol(trial: Trial, seen: Observations, showing: ViewSource) -> dict[str, Any]:
    """Everything a reader needs to repeat or compare the numbers."""
    truth, chosen = seen.truth, trial.protocol
    objects = {int(o) for o in truth.object_of[truth.judged]}
    return {
        "name": chosen.name,
        "version": chosen.version,
        "source": chosen.source,
        "differs": list(chosen.differs),
        "iou": chosen.iou,
        "minimum_n": MINIMUM_N,
        "goal": trial.goal_name,
        "target": _target(trial),
        "success": _success(trial),
        "labels": [seen.categories[c] for c in truth.judged_categories],
        "truth_from": _truth(trial),
        "placement": _placement(trial),
        "world": "screen colours, nothing varies" if chosen.digital else "as eot= and ink= say",
        "split": trial.relations[PATCH].words if PATCH in trial.relations else "",
        "relations": {name: one.plain() for name, one in trial.relations.items()},
        "covers": trial.found.covers if trial.found and trial.found.objects else None,
        "smallest_px": _smallest(truth),
        "photos": len(np.unique(truth.image_of_view[truth.view_of[truth.judged]])),
        "images": len(showing),
        "draws": trial.draws,
        "film": _film(trial),
        "objects": len(objects),
        "not_judged": int(len(truth.judged) - truth.judged.sum()),
        "patch_mm": [round(trial.patch.width_mm, 3), round(trial.patch.height_mm, 3)],
        "conditions": descriptions(trial.others),
        "detected": f"matched one to one with its own label at IoU >= {chosen.iou:g}, best score first",
        "outcomes": f"misclassified: another label at IoU >= {chosen.iou:g}; badly localised: own label at IoU "
        f"{NEARBY_IOU:g} to {chosen.iou:g}; else missed; reports that belong to another object do not count",
        "average_precision": f"COCO's 101-point interpolation, at most {MAX_DETECTIONS} reports an image and label, "
        f"scores from {chosen.kept_from:g}; objects that are not judged are ignored",
        "intervals": "95 %: Wilson for shares, n counts objects (draws of one object are averaged), with an effective "
        "n (design effect, Student's t) where objects share photos; for everything else Student's t with the standard "
        f"error of a bootstrap over photos, {trial.resamples} resamples; differences are paired: the same images, "
        "places, draws and resamples on both sides",
        "seed": trial.seed,
        "batch": trial.batch,
    }


def _smallest(truth: Truth) -> float | None:
    """Height of the smallest object that is judged, px."""
    return float(truth.height_px[truth.judged].min()) if truth.judged.any() else None


def _success(trial: Trial) -> str:
    words = _SUCCESS.get(trial.goal_name, "the goal is achieved with the patch and was not without it")
    if (target := _target(trial)) and trial.goal_name == "alter":
        words = words.replace("under another label", f"as {target} (targeted success)")
    if trial.goal_name == "hide" and trial.protocol.count == "all":
        return "the object is not detected with the patch, and it was not that the victim misses it anyway"
    return words


def _film(trial: Trial) -> str:
    """How pictures become films, where they do."""
    if (clip := trial.clip) is None:
        return ""
    return (
        f"each picture is a film of {clip.frames} frames after {clip.lead_in} that fill the memory of defenses; the "
        f"picture stands still, conditions move {clip.drift:g} of the way from one draw to another, and what a camera "
        "draws for every frame is new in each"
    )


def _target(trial: Trial) -> str:
    """The label that shall be reported, where the goal has one."""
    return trial.goal.target or ""


def _truth(trial: Trial) -> str:
    if trial.protocol.truth == "scenes":
        return trial.truth_from
    return f"each victim's own detections without a patch, from a score of {trial.protocol.truth_confidence:g}"


def _placement(trial: Trial) -> str:
    chosen = trial.protocol
    if chosen.placement == "surface":
        return "at its true size on the object's surface, where eot.place says"
    lifted = f", {chosen.up:g} of the box's height above its middle" if chosen.up else ", in its middle"
    return f"its side is {chosen.side:g} of the box's {chosen.side_of}{lifted}"
