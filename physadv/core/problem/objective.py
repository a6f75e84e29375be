"""The objective of an attack: the loss of a goal on one victim or on several at once.

An attack on several victims carries over to victims it has never met (Liu et al. 2017, arXiv:1611.02770). One on a
defended victim takes what the defence looks for into its loss (Carlini and Wagner 2017, arXiv:1705.07263): no attack
needs to know that there is a defence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.ensemble import Ensemble
from physadv.core.protocols import Evasion, Goal, Victim
from physadv.core.types import Candidates, Detections, SceneBatch


class Disturbance(Protocol):
    """Makes a victim answer a little differently for a while; the same generator, the same answer."""

    def __call__(self, generator: torch.Generator) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class Member:
    """One of the victims, and what is wanted of it."""

    victim: Victim
    goal: Goal  # bound to the victim's labels
    weight: float = 1.0
    disturbed: Disturbance | None = None  # how the victim is disturbed while the patch is optimised
    name: str = ""  # the victim's, numbered where two are equal; filled in by the objective
    evasion: Evasion | None = None  # of the defence round the victim: what an adaptive attack lowers as well
    evasion_weight: float = 1.0  # λ: of the evasion's loss against the goal's


@dataclass(frozen=True, slots=True)
class Verdict:
    """Losses and successes of the victims that were asked about some images."""

    loss: Tensor  # (B,) with gradient to the images
    losses: Mapping[str, Tensor]  # member → (B,) without gradient
    achieved: Mapping[str, Tensor]  # member → (N,) bool, one an object; meaningful where the scene's wears


@dataclass(frozen=True)
class Objective:
    """One or several victims. The images are rendered once, and each victim resizes for itself.

    Each victim's gradient is taken at the finished images as soon as its loss is known, and only these gradients are
    kept: memory is that of the largest victim, not of all, and the renderer's backward runs once.
    """

    members: tuple[Member, ...]
    ensemble: Ensemble = Ensemble.weighted
    queries: Queries = field(default_factory=Queries, compare=False)

    def __post_init__(self) -> None:
        if not self.members:
            raise BadOption("an objective needs at least one victim. Name one with victim=, or several with victims=")
        for member in self.members:
            if not member.weight > 0:
                raise BadOption(f"the weight of victim {member.victim.name!r} must be positive, got {member.weight}")
            if not 0 <= member.evasion_weight < math.inf:
                raise BadOption(
                    f"the weight of evading the defense of {member.victim.name!r} must be a number from 0, "
                    f"got {member.evasion_weight}"
                )
        object.__setattr__(self, "members", _named(self.members))

    @property
    def victims(self) -> tuple[Victim, ...]:
        """All victims, in their order."""
        return tuple(member.victim for member in self.members)

    def asked(self, step: int | None) -> tuple[Member, ...]:
        """The victims that step ``step`` asks; ``None`` asks all."""
        if step is None or self.ensemble is not Ensemble.rotate:
            return self.members
        return (self.members[step % len(self.members)],)

    def check(self, scene: SceneBatch) -> None:
        """:class:`IncompatibleParts`, naming the victim, if one lacks a label that the goal needs on this scene."""
        device, nothing = scene.srgb.device, torch.zeros(0)
        none = Detections(torch.zeros(0, 4).to(device), nothing.to(device), nothing.long().to(device))
        for member in self.members:
            _achieved(member, (none,) * len(scene.keys), scene)

    def measure(
        self, images: Tensor, scene: SceneBatch, *, step: int | None = None, disturb: torch.Generator | None = None
    ) -> Verdict:
        """Ask the victims about ``images`` ``(B,3,H,W)``; losses of one image must not depend on the others.

        ``step`` says whose turn it is where victims take turns; without it all are asked. ``disturb`` feeds the
        members' disturbances; without it victims are as they are.
        """
        wanted = torch.is_grad_enabled() and images.requires_grad
        total = _Total(self.ensemble, images if wanted else None)
        losses, achieved = {}, {}
        for member in (asked := self.asked(step)):
            victim = Counted(member.victim, queries=self.queries)
            loss, gradient, achieved[member.name] = _ask(member, victim, images, scene, wanted=wanted, disturb=disturb)
            losses[member.name] = loss
            total.add(loss, gradient, member.weight)
        scale = 1.0 if self.ensemble is Ensemble.worst else 1 / self._weight_of(asked)
        loss = total.loss() * scale
        if wanted:
            loss = _Known.apply(images, loss, total.gradient().mul_(scale))
        return Verdict(loss, losses, achieved)

    def _weight_of(self, asked: Sequence[Member]) -> float:
        """The divisor that makes the weights' mean one, over the victims asked and, where they take turns, over the
        turns.
        """
        if len(asked) == len(self.members):
            return sum(member.weight for member in asked)
        return sum(member.weight for member in self.members) / len(self.members)


def _named(members: tuple[Member, ...]) -> tuple[Member, ...]:
    plain = [member.victim.name for member in members]
    return tuple(
        replace(member, name=f"{name} #{plain[:i].count(name) + 1}" if plain.count(name) > 1 else name)
        for i, (member, name) in enumerate(zip(members, plain, strict=True))
    )


def _ask(
    member: Member, victim: Victim, images: Tensor, scene: SceneBatch, *, wanted: bool, disturb: torch.Generator | None
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Loss ``(B,)``, its gradient at the images, and success, of one victim. Its graph ends with this call."""
    leaf = images.detach().requires_grad_(wanted)
    disturbed = member.disturbed(disturb) if member.disturbed and disturb else nullcontext()
    with disturbed, torch.set_grad_enabled(wanted):
        outputs = victim.outputs(leaf)
        loss = _loss(member, outputs, leaf, scene)
        gradient = torch.autograd.grad(loss.sum(), leaf)[0] if wanted else None
    with torch.no_grad():
        return loss.detach(), gradient, _achieved(member, victim.decide(outputs), scene)


def _loss(member: Member, outputs: Candidates, images: Tensor, scene: SceneBatch) -> Tensor:
    """``goal + λ · evasion``, ``(B,)``."""
    loss = member.goal.loss(outputs, scene)
    if member.evasion is None or not member.evasion_weight:
        return loss
    return loss + member.evasion_weight * member.evasion.loss(images, scene)


def _achieved(member: Member, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
    try:
        return member.goal.achieved(decisions, scene)
    except IncompatibleParts as error:
        raise IncompatibleParts(f"victim {member.name!r} does not fit: {error}") from error


class _Total:
    """Losses and gradients put together one victim after another; holds two gradients at most."""

    def __init__(self, ensemble: Ensemble, images: Tensor | None) -> None:
        self._worst, self._balanced = ensemble is Ensemble.worst, ensemble is Ensemble.balanced
        self._images = images
        self._loss: Tensor | None = None
        self._gradient: Tensor | None = None
        self._lengths: list[Tensor] = []

    def add(self, loss: Tensor, gradient: Tensor | None, weight: float) -> None:
        loss = loss * weight
        if gradient is not None and self._balanced:
            self._lengths.append(gradient.norm())
            gradient.div_(self._lengths[-1].clamp_min(1e-12))
        if gradient is not None and weight != 1:
            gradient.mul_(weight)
        if self._loss is None:
            self._loss, self._gradient = loss, gradient
        elif self._worst:
            worse = loss > self._loss
            self._loss = torch.maximum(self._loss, loss)
            if gradient is not None and self._gradient is not None:
                self._gradient = torch.where(worse[:, None, None, None], gradient, self._gradient)
        else:
            self._loss += loss
            if gradient is not None and self._gradient is not None:
                self._gradient += gradient

    def loss(self) -> Tensor:
        assert self._loss is not None
        return self._loss

    def gradient(self) -> Tensor:
        assert self._gradient is not None
        if self._balanced:  # unit lengths back to their mean, so that penalties keep their say
            self._gradient.mul_(torch.stack(self._lengths).mean())
        return self._gradient


class _Known(torch.autograd.Function):
    """A loss ``(B,)`` whose gradient at the images ``(B,3,H,W)`` is known already."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, loss: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return loss.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[:, None, None, None], None, None
