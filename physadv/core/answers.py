"""Answers of victims on whole images: of classifiers and of policies. A detector's candidates are in
:mod:`physadv.core.types`.

Letters in shapes: ``B`` images, ``K`` labels of the victim. Each value checks itself when made.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.errors import BadShape
from physadv.core.types import expect


@dataclass(frozen=True, slots=True)
class ClassLogits:
    """A classifier's scores before the best class is taken, with gradient."""

    logits: Tensor  # (B, K): softmax makes them probabilities; log-probabilities are logits, too

    def __post_init__(self) -> None:
        expect("ClassLogits.logits", self.logits, ("B", "K"))


@dataclass(frozen=True, slots=True)
class TopClasses:
    """The best class of each image."""

    labels: Tensor  # (B,) int64 into the victim's labels
    scores: Tensor  # (B,) its probability
    reported: Tensor  # (B,) bool: the score reaches the threshold

    def __post_init__(self) -> None:
        expect("TopClasses.labels", self.labels, ("B",), integer=True)
        expect("TopClasses.scores", self.scores, self.labels.shape)
        if self.reported.shape != self.labels.shape or self.reported.dtype != torch.bool:
            raise BadShape(
                f"TopClasses.reported must be {tuple(self.labels.shape)} bool, "
                f"got {tuple(self.reported.shape)} {self.reported.dtype}"
            )

    @staticmethod
    def of(outputs: ClassLogits, confidence: float) -> TopClasses:
        """The class with the highest logit, and whether its softmax reaches ``confidence``."""
        scores, labels = outputs.logits.detach().float().softmax(dim=1).max(dim=1)
        return TopClasses(labels, scores, scores >= confidence)


@dataclass(frozen=True, slots=True)
class ActionLogits:
    """How a policy weighs its actions before it takes one, with gradient."""

    logits: Tensor  # (B, K): a column an action

    def __post_init__(self) -> None:
        expect("ActionLogits.logits", self.logits, ("B", "K"))


@dataclass(frozen=True, slots=True)
class Actions:
    """A policy's choice on each image."""

    labels: Tensor  # (B,) int64 into the victim's labels, which name its actions

    def __post_init__(self) -> None:
        expect("Actions.labels", self.labels, ("B",), integer=True)
