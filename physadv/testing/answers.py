"""The battery's questions to outputs and decisions of victims, whichever the task."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.answers import ActionLogits, Actions, ClassLogits, TopClasses
from physadv.core.defended import defended_in
from physadv.core.protocols import Victim
from physadv.core.types import Candidates, Detections
from physadv.testing.base import TOLERANCE, require

_OUTPUTS: dict[Task, tuple[type, ...]] = {
    Task.detection: (Candidates,),
    Task.classification: (ClassLogits, Candidates),  # the latter where it is seen as a detector
    Task.control: (ActionLogits,),
}


def evidence(outputs: Any) -> tuple[Tensor, ...]:
    """The tensors that outputs consist of, scores or logits first."""
    return (outputs.scores, outputs.boxes_xyxy_px) if isinstance(outputs, Candidates) else (outputs.logits,)


def pull(victim: Victim[Any, Any], outputs: Candidates | ClassLogits | ActionLogits) -> Tensor:
    """A number that hangs on every image: all scores together, and of each whole picture its best class."""
    if isinstance(outputs, ClassLogits | ActionLogits):
        return outputs.logits.amax(dim=1).sum()
    scores = outputs.scores  # those of a classifier add to one by themselves
    best = scores.amax(dim=2).sum() if victim.task is Task.classification else scores.sum()
    return best + outputs.boxes_xyxy_px.mean()


def check_outputs(victim: Victim[Any, Any], outputs: Any, images: Tensor) -> None:
    """Raise :class:`BrokenPart` unless they are of the kind, shape and range that are due."""
    size = f"on {tuple(images.shape)} images"
    due = _OUTPUTS[victim.task]
    require(isinstance(outputs, due), f"{victim.name}: gives {type(outputs).__name__} where {due[0].__name__} are due")
    first, *others = evidence(outputs)
    require(len(first) == len(images), f"{victim.name}: {len(first)} rows of outputs {size}")
    columns, labels = first.shape[-1], len(victim.labels)
    require(columns == labels, f"{victim.name}: scores {columns} classes, but names {labels} labels")
    for values in (first, *others):
        require(bool(torch.isfinite(values).all()), f"{victim.name}: not finite {size}")
    if isinstance(outputs, Candidates) and first.numel():
        _check_ranges(victim, outputs, images, size)


def _check_ranges(victim: Victim[Any, Any], outputs: Candidates, images: Tensor, size: str) -> None:
    boxes, low, high = outputs.boxes_xyxy_px, float(outputs.scores.min()), float(outputs.scores.max())
    require(
        low >= -1e-4 and high <= 1 + 1e-4, f"{victim.name}: scores from {low:.3g} to {high:.3g} {size}, not in [0, 1]"
    )
    height, width = images.shape[-2:]
    corner = boxes.flatten(0, 1).amax(dim=0)
    inside = float(boxes.min()) >= -1e-2 and bool((corner <= corner.new_tensor([width, height] * 2) + 1e-2).all())
    require(inside, f"{victim.name}: boxes leave the image {size}: down to {float(boxes.min()):.4g}, up to {corner}")


def check_alike(victim: Victim[Any, Any], index: int, together: Any, alone: Any, images: Tensor) -> None:
    """Raise unless image ``index`` of a batch got the outputs that it gets alone."""
    what = f"{victim.name}: image {index} alone and in a batch"
    if not isinstance(alone, Candidates):
        shares = float((alone.logits.softmax(1) - together.logits[index : index + 1].softmax(1)).abs().max())
        require(shares <= TOLERANCE, f"{what}: probabilities differ by {shares:.3g}")
        return
    rows, there = alone.scores.shape[1], together.scores.shape[1]
    require(rows <= there, f"{victim.name}: image {index} has {rows} candidates alone, {there} in a batch")
    if not alone.scores.numel():
        return
    scores = float((together.scores[index : index + 1, :rows] - alone.scores).abs().max())
    require(scores <= TOLERANCE, f"{what}: scores differ by {scores:.3g}")
    pixels = float((together.boxes_xyxy_px[index : index + 1, :rows] - alone.boxes_xyxy_px).abs().max())
    limit = TOLERANCE * max(images.shape[-2:])
    require(pixels <= limit, f"{what}: boxes differ by {pixels:.3g} px")


def strongest_of(outputs: Any) -> float:
    """The highest score; of logits the highest probability."""
    scores = outputs.scores if isinstance(outputs, Candidates) else outputs.logits.softmax(1)
    return float(scores.amax()) if scores.numel() else 0.0


def check_decisions(victim: Victim[Any, Any], decisions: Any, images: int, min_score: float) -> int:
    """Raise unless they are of the kind that is due, known by name and above the threshold; returns how many."""
    if isinstance(decisions, TopClasses | Actions):
        labels = decisions.labels
        require(len(labels) == images, f"{victim.name}: {images} images, but {len(labels)} decisions")
        _check_labels(victim, labels)
        if isinstance(decisions, Actions):
            return images
        reaches = decisions.scores >= min_score
        silent = reaches & ~decisions.reported & (defended_in(victim) is None)  # a defence may abstain
        same = not bool((silent | (decisions.reported & ~reaches)).any())
        require(same, f"{victim.name}: what it reports is not what scores at least the threshold {min_score:.3g}")
        return int(decisions.reported.sum())
    require(len(decisions) == images, f"{victim.name}: {images} images, but {len(decisions)} decisions")
    for found in decisions:
        _check_found(victim, found, min_score)
    return sum(len(found.scores) for found in decisions)


def _check_found(victim: Victim[Any, Any], found: Detections, min_score: float) -> None:
    falls = bool((found.scores.diff() <= 1e-6).all())
    require(falls, f"{victim.name}: detections are not sorted best first: {found.scores.tolist()}")
    require(
        bool((found.scores >= min_score - 1e-6).all()),
        f"{victim.name}: reports a score of {float(found.scores.min()) if len(found.scores) else 0:.3g} "
        f"below the threshold {min_score:.3g}",
    )
    _check_labels(victim, found.labels)
    boxes = tuple(found.boxes_xyxy_px.shape)
    require(boxes == (len(found.scores), 4), f"{victim.name}: boxes must be ({len(found.scores)}, 4), got {boxes}")


def _check_labels(victim: Victim[Any, Any], labels: Tensor) -> None:
    known = bool(((labels >= 0) & (labels < len(victim.labels))).all())
    require(known, f"{victim.name}: reports a label that victim.labels does not name: {labels.tolist()}")
