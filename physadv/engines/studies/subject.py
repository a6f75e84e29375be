"""A victim as an audit asks it: losses, gradients and success on scenes, averaged over the draws of its defences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from physadv.core.defended import defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadInput
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.core.seeding import generator
from physadv.core.types import SceneBatch


@dataclass(frozen=True)
class Slope:
    """The loss at some pictures, and its gradient there."""

    loss: Tensor  # (B,) of the goal alone
    gradient: Tensor  # (B, 3, H, W); zero where none reaches the pictures


@dataclass(frozen=True)
class Subject:
    """A victim, the goal on it, and how often its defences draw for an answer."""

    victim: Victim
    goal: Goal  # bound to the victim's labels
    seed: int = 0
    draws: int = 1
    evasion_weight: float = 1.0

    @staticmethod
    def of(victim: Victim, goal: Goal, *, seed: int, draws: int, evasion_weight: float) -> Subject:
        """One that draws once where no defence is random."""
        return Subject(victim, goal, seed, draws if _is_random(victim) else 1, evasion_weight)

    @property
    def is_random(self) -> bool:
        """Whether a defence draws anew for every picture."""
        return _is_random(self.victim)

    @property
    def is_exact(self) -> bool:
        """Whether the gradient is said to be that of what the victim does, and not a surrogate's."""
        behind = defended_in(self.victim)
        return behind is None or all(defense.kind.exact for defense in behind.defenses)

    @torch.no_grad()
    def losses(self, images: Tensor, scene: SceneBatch, purpose: str) -> Tensor:
        """``(B,)`` of the goal, the mean over draws; lower suits the attacker. The same purpose, the same draws."""
        total = images.new_zeros(len(images))
        for draw in self._drawn(purpose):
            with draw:
                total += self.goal.loss(self.victim.outputs(images), scene)
        return total / self.draws

    def slope(self, images: Tensor, scene: SceneBatch, purpose: str, *, evading: bool = False) -> Slope:
        """The mean over draws; the gradient has the defence's own term in it where ``evading``.

        One draw's graph at a time. A loss that does not hang on the pictures at all has a gradient of zero.
        """
        total, gradient = images.new_zeros(len(images)), torch.zeros_like(images)
        for draw in self._drawn(purpose):
            leaf = images.detach().requires_grad_()
            with draw, torch.enable_grad():
                loss = self.goal.loss(self.victim.outputs(leaf), scene)
                pulled = loss + self._evasion(leaf, scene) if evading else loss
                gradient += _gradient(pulled, leaf)
            total += loss.detach()
        return Slope(total / self.draws, gradient / self.draws)

    @torch.no_grad()
    def achieved(self, images: Tensor, scene: SceneBatch, purpose: str) -> Tensor:
        """``(N,)`` share of draws in which the goal is reached, one an object; meaningful where the scene's wears."""
        total = images.new_zeros(len(scene.wears))
        for draw in self._drawn(purpose):
            with draw:
                total += self.goal.achieved(self.victim.decide(self.victim.outputs(images)), scene).to(total)
        return total / self.draws

    def _evasion(self, images: Tensor, scene: SceneBatch) -> Tensor:
        behind = defended_in(self.victim)
        evasion = behind.evasion if behind and self.evasion_weight else None
        if evasion is None:
            return images.new_zeros(len(images))
        return self.evasion_weight * evasion.loss(images, scene)

    def _drawn(self, purpose: str) -> Iterator[AbstractContextManager[None]]:
        behind = defended_in(self.victim)
        for draw in range(self.draws):
            yield behind.drawing(generator(self.seed, f"{purpose}/{draw}")) if behind else nullcontext()


def audited_scenes(
    subject: Subject, scenes: SceneSource, images: int, batch: int, device: torch.device
) -> list[SceneBatch]:
    """The first ``images`` pictures with an object on which the goal is not reached anyway; only such objects wear.

    Raises :class:`BadInput` where there is none.
    """
    found: list[SceneBatch] = []
    left = images
    for scene in scenes.sweep(batch):
        here = _unattacked(subject, scene.to(device))
        rows = torch.unique(here.image_of[here.wears])[:left]
        if len(rows):
            found.append(here.pick(rows))
            left -= len(rows)
        if not left:
            break
    if not found:
        raise BadInput(
            f"nothing to audit {subject.victim.name!r} on: in none of the {len(scenes)} pictures does it see an object "
            f"as annotated, so the goal is reached without any attack. Choose other scenes="
        )
    return found


def _unattacked(subject: Subject, scene: SceneBatch) -> SceneBatch:
    there = subject.achieved(scene.srgb, scene, "clean") > 0.5
    return replace(scene, wears=scene.wears & ~there)


def _is_random(victim: Victim) -> bool:
    behind = defended_in(victim)
    return behind is not None and any(defense.kind is DefenseKind.random for defense in behind.defenses)


def _gradient(loss: Tensor, images: Tensor) -> Tensor:
    if not loss.requires_grad:
        return torch.zeros_like(images)
    (gradient,) = torch.autograd.grad(loss.sum(), images, allow_unused=True)
    return torch.zeros_like(images) if gradient is None else gradient


def counted(scenes: Sequence[SceneBatch]) -> int:
    """How many objects are attacked."""
    return sum(int(scene.wears.sum()) for scene in scenes)
