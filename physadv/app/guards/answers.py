"""Checks of what a plugin's victim says and reports, by the task that the victim says it has."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.core.access import Task
from physadv.core.answers import ActionLogits, Actions, ClassLogits, TopClasses
from physadv.core.types import Candidates, Detections

_OUTPUTS = {Task.detection: Candidates, Task.classification: ClassLogits, Task.control: ActionLogits}
_DECISIONS = {Task.classification: TopClasses, Task.control: Actions}


def check_outputs(owner: Owner, task: Task, made: Any, images: Tensor, labels: tuple[str, ...]) -> Tensor:
    """Types, shapes, device and, where they are due, values; returns the scores or logits."""
    here, due = "outputs", _OUTPUTS[task]
    owner.require(isinstance(made, due), here, f"gives {type(made).__name__} where {due.__name__} are due")
    if isinstance(made, Candidates):
        return _check_candidates(owner, made, images, labels)
    logits: Tensor = made.logits
    owner.check_tensor(here, "logits", logits, (len(images), len(labels)), images)
    if owner.due(here, logits):
        owner.check_finite(here, "logits", logits.detach())
    return logits


def _check_candidates(owner: Owner, made: Candidates, images: Tensor, labels: tuple[str, ...]) -> Tensor:
    here, count = "outputs", made.scores.shape[1]
    owner.check_tensor(here, "scores", made.scores, (len(images), count, len(labels)), images)
    owner.check_tensor(here, "boxes", made.boxes_xyxy_px, (len(images), count, 4), images)
    if owner.due(here, made.scores):
        owner.check_share(here, "scores", made.scores.detach())
        owner.check_finite(here, "boxes", made.boxes_xyxy_px.detach())
    return made.scores


def check_decisions(owner: Owner, task: Task, made: Any, images: int, labels: tuple[str, ...]) -> Any:
    """Check the reports of so many images, with labels that the victim names; of detectors as a tuple."""
    here = "decide"
    if task is Task.detection:
        fine = isinstance(made, tuple | list) and all(isinstance(one, Detections) for one in made)
        owner.require(fine, here, f"gives {_sort_of(made)} where one Detections an image is due")
        owner.require(len(made) == images, here, f"gives {len(made)} reports for {images} images")
        for one in made:
            _check_labels(owner, one.labels, labels)
        return tuple(made)
    due = _DECISIONS[task]
    owner.require(isinstance(made, due), here, f"gives {type(made).__name__} where {due.__name__} are due")
    owner.require(len(made.labels) == images, here, f"gives {len(made.labels)} labels for {images} images")
    _check_labels(owner, made.labels, labels)
    return made


def check_gradient(owner: Owner, values: Tensor, images: Tensor) -> None:
    """A victim that says it has gradients gives outputs that hang on the images."""
    wanted = images.requires_grad and torch.is_grad_enabled() and values.numel() > 0
    owner.require(not wanted or values.requires_grad, "outputs", "gives scores that are detached from the images, "
                  "though the victim says it has gradients")  # fmt: skip


def _check_labels(owner: Owner, found: Tensor, labels: tuple[str, ...]) -> None:
    known = not found.numel() or 0 <= int(found.min()) <= int(found.max()) < len(labels)
    owner.require(known, "decide", f"reports a label that victim.labels does not name: {found.tolist()}")


def _sort_of(made: Any) -> str:
    if isinstance(made, tuple | list) and made:
        return f"a {type(made).__name__} of {type(made[0]).__name__}"
    return type(made).__name__
