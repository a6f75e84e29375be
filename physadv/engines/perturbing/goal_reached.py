"""A detector as attacks on images see it: a classifier of pictures by whether the goal is reached on them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from physadv.core.access import Task
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.problem.counted import Counted
from physadv.core.protocols import Goal, Victim
from physadv.core.types import Candidates, Detections, SceneBatch
from physadv.core.wrapped import Wrapped

LABELS = ("goal not reached", "goal reached")


class GoalReached(Wrapped[Candidates, tuple[Detections, ...]]):
    """The detector, asked about pictures of this scene.

    The first logit is above zero, which is the second, where the goal is not reached on the detector's own decisions;
    its size, and its gradient, come from the goal's loss::

        not reached:   softplus(loss)      falls with the loss, to 0
        reached:      -softplus(-loss)     falls with it further
    """

    def __init__(self, victim: Victim, goal: Goal, scene: SceneBatch) -> None:
        super().__init__(victim)
        self.goal, self.scene = goal, scene

    @property
    def labels(self) -> tuple[str, ...]:
        return LABELS

    @property
    def task(self) -> Task:
        return Task.classification

    @property
    def confidence(self) -> float:
        return 0.0

    def outputs(self, images: Tensor, rows: Tensor | None = None) -> ClassLogits:
        """``(b, 2)``; ``rows`` ``(b,)`` says which of the scene's pictures they are."""
        scene, found = _rows(self.scene, rows), self.victim.outputs(images)
        loss = self.goal.loss(found, scene)
        reached = on_all(self.goal.achieved(self.victim.decide(found), scene), scene)
        margin = torch.where(reached, -functional.softplus(-loss), functional.softplus(loss))
        return ClassLogits(torch.stack([margin, torch.zeros_like(margin)], dim=1))

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        return TopClasses.of(outputs, 0.0 if confidence is None else confidence)

    def to(self, device: torch.device | str) -> GoalReached:
        """The same on another device."""
        return GoalReached(self.victim.to(device), self.goal, self.scene.to(device))


class CountedRows(Counted[ClassLogits, TopClasses]):
    """A count round :class:`GoalReached`, which must know which pictures it is asked about."""

    def __init__(self, victim: GoalReached, **counting: Any) -> None:
        super().__init__(victim, **counting)
        self.scenic = victim

    def outputs(self, images: Tensor, rows: Tensor | None = None) -> ClassLogits:
        """As :class:`GoalReached`, counted."""
        self.queries.spend(len(images), rows, gradient=images.requires_grad and torch.is_grad_enabled())
        return self.scenic.outputs(images, rows)

    def to(self, device: torch.device | str) -> CountedRows:
        """The same on another device; what it was asked stays counted."""
        return CountedRows(self.scenic.to(device), queries=self.queries)


def on_all(achieved: Tensor, scene: SceneBatch) -> Tensor:
    """``(B,)`` bool: whether the goal is achieved on every object of the picture that it is about."""
    missed = torch.zeros(len(scene.keys), device=scene.srgb.device)
    failed = (scene.wears & ~achieved.to(scene.wears.device)).to(missed)
    return missed.index_add_(0, scene.image_of, failed) == 0


def _rows(scene: SceneBatch, rows: Tensor | None) -> SceneBatch:
    if rows is None:
        return scene
    if len(set(rows.tolist())) == len(rows):
        return scene.pick(rows)
    return SceneBatch.joined([scene.pick(row[None]) for row in rows])
