"""The problem of an attack that changes the images themselves, and the contract of that attack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.errors import BadOption, BadShape
from physadv.core.problem.counted import Counted
from physadv.core.problem.norm import Norm as Norm
from physadv.core.protocols import Engine, Observer
from physadv.core.types import expect


@dataclass(frozen=True)
class PerturbationProblem:
    """All that an attack on images may see."""

    images: Tensor  # (B, 3, H, W) sRGB in [0, 1]; (B, 1, H, W) where all colours change alike; a stack of frames
    labels: Tensor  # (B,) int64 into the victim's labels: what they show
    victim: Counted[ClassLogits, TopClasses]
    norm: Norm
    eps: float | None  # the largest change; None: as small a one as succeeds
    seed: int
    engine: Engine
    targets: Tensor | None = None  # (B,) int64: what each is to be taken for; None: for anything else
    stands_in: bool = False  # the victim does, for another one: what only just fools it does not fool that one

    def __post_init__(self) -> None:
        expect_images("PerturbationProblem.images", self.images)
        count = len(self.images)
        for name, values in (("labels", self.labels), ("targets", self.targets)):
            if values is not None:
                expect(f"PerturbationProblem.{name}", values, (count,), integer=True)
        if self.eps is not None and not self.eps > 0:
            raise BadOption(f"eps must be positive, got {self.eps}. Leave it out for the smallest change that succeeds")

    def fooled(self, decisions: TopClasses, rows: Tensor | None = None) -> Tensor:
        """``(b,)`` bool: whether the decisions on the images of ``rows``, on all without them, suit the attacker."""
        return fooled(decisions, self.labels_of(rows), self.targets_of(rows))

    def labels_of(self, rows: Tensor | None) -> Tensor:
        """``(b,)`` the labels of the images of ``rows``."""
        return self.labels if rows is None else self.labels[rows]

    def targets_of(self, rows: Tensor | None) -> Tensor | None:
        """``(b,)`` their targets, where there are any."""
        return self.targets if rows is None or self.targets is None else self.targets[rows]


def fooled(decisions: TopClasses, labels: Tensor, targets: Tensor | None) -> Tensor:
    """``(b,)`` bool: whether the decisions suit an attacker of images with these labels ``(b,)``, or these targets.

    What is not reported is not taken for its label: that suits one who has no target.
    """
    if targets is not None:
        return decisions.reported & (decisions.labels == targets)
    return ~decisions.reported | (decisions.labels != labels)


@dataclass(frozen=True)
class Perturbed:
    """Outcome of a perturbation attack, one row an image. What it cost is counted by the problem's victim."""

    images: Tensor  # (B, C, H, W) as the problem's, in [0, 1]; the image itself where nothing was found
    success: Tensor  # (B,) bool, on what the victim decides
    steps: Tensor  # (B,) int64

    def __post_init__(self) -> None:
        expect_images("Perturbed.images", self.images)
        count = len(self.images)
        expect("Perturbed.steps", self.steps, (count,), integer=True)
        if self.success.shape != (count,) or self.success.dtype != torch.bool:
            raise BadShape(f"Perturbed.success must be ({count},) bool, got {tuple(self.success.shape)}")


def expect_images(name: str, images: Tensor) -> None:
    """Raise :class:`BadShape` unless these are images: in colour, grey, or a policy's stacks of frames."""
    if images.ndim != 4 or not images.shape[1]:
        raise BadShape(
            f"{name} must be (B, 3, H, W), or (B, 1, H, W) of grey images, or (B, C, H, W) of stacked frames, "
            f"got {tuple(images.shape)}"
        )
    expect(name, images, ("B", "C", "H", "W"))


class PerturbationAttack(Protocol):
    """A loop that changes images."""

    @property
    def needs(self) -> AccessLevel:
        """The least that it must get of the victim."""
        ...

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed: ...
