"""The problem of an attack that changes the images themselves, and the contract of that attack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.errors import BadOption, BadShape
from physadv.core.problem.counted import Counted
from physadv.core.protocols import Engine, Observer
from physadv.core.types import expect


class Norm(StrEnum):
    """How large a change is said to be, of each image on its own, sRGB in [0, 1]."""

    l0 = "l0"
    """Pixels that differ in any channel."""
    l1 = "l1"
    l2 = "l2"
    linf = "linf"


@dataclass(frozen=True)
class PerturbationProblem:
    """All that an attack on images may see."""

    images: Tensor  # (B, 3, H, W) sRGB in [0, 1]
    labels: Tensor  # (B,) int64 into the victim's labels: what they show
    victim: Counted[ClassLogits, TopClasses]
    norm: Norm
    eps: float | None  # the largest change; None: as small a one as succeeds
    seed: int
    engine: Engine
    targets: Tensor | None = None  # (B,) int64: what each is to be taken for; None: for anything else

    def __post_init__(self) -> None:
        expect("PerturbationProblem.images", self.images, ("B", 3, "H", "W"))
        count = len(self.images)
        for name, values in (("labels", self.labels), ("targets", self.targets)):
            if values is not None:
                expect(f"PerturbationProblem.{name}", values, (count,), integer=True)
        if self.eps is not None and not self.eps > 0:
            raise BadOption(f"eps must be positive, got {self.eps}. Leave it out for the smallest change that succeeds")


@dataclass(frozen=True)
class Perturbed:
    """Outcome of a perturbation attack, one row an image."""

    images: Tensor  # (B, 3, H, W) sRGB in [0, 1]; the image itself where nothing was found
    success: Tensor  # (B,) bool, on what the victim decides
    queries: Tensor  # (B,) int64: how often the victim was asked about it
    steps: Tensor  # (B,) int64

    def __post_init__(self) -> None:
        expect("Perturbed.images", self.images, ("B", 3, "H", "W"))
        count = len(self.images)
        for name, values in (("queries", self.queries), ("steps", self.steps)):
            expect(f"Perturbed.{name}", values, (count,), integer=True)
        if self.success.shape != (count,) or self.success.dtype != torch.bool:
            raise BadShape(f"Perturbed.success must be ({count},) bool, got {tuple(self.success.shape)}")


class PerturbationAttack(Protocol):
    """A loop that changes images."""

    @property
    def needs(self) -> AccessLevel:
        """The least that it must get of the victim."""
        ...

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed: ...
