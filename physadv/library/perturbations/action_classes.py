"""A policy, seen as attacks on classifiers see a victim."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.answers import ActionLogits, Actions, ClassLogits, TopClasses
from physadv.core.wrapped import Wrapped


class ActionClasses(Wrapped[ActionLogits, Actions]):
    """A policy as a classifier of pictures by what it does."""

    @property
    def task(self) -> Task:
        return Task.classification

    def outputs(self, images: Tensor) -> ClassLogits:
        return ClassLogits(self.victim.outputs(images).logits)

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        """The action that the policy takes; it always takes one."""
        actions = self.victim.decide(ActionLogits(outputs.logits)).labels
        scores = outputs.logits.detach().float().softmax(1).gather(1, actions[:, None])[:, 0]
        return TopClasses(actions, scores, torch.ones_like(actions, dtype=torch.bool))

    def to(self, device: torch.device | str) -> ActionClasses:
        """The same on another device."""
        return ActionClasses(self.victim.to(device))
