"""The victim that is shown pictures without what a localiser takes for a patch, and what an attack may know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Defense, Evasion, Victim
from physadv.core.types import SceneBatch
from physadv.core.wrapped import Inner, InnerDecision
from physadv.parts.defenses.localisation.blocks import BLOCK_PX, means_around, over_pixels
from physadv.parts.defenses.localisation.inpaint import inpainted
from physadv.parts.defenses.localisation.masks import Thresholds, hard_mask, soft_mask

SAFE = 0.8
"""Of the lower threshold: an attack that evades keeps the scores below this."""


class Localiser(Protocol):
    """Says how much each block of a picture looks like a patch."""

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Frozen; none where nothing was learned."""
        ...

    @property
    def weights(self) -> str:
        """A digest of what was learned; empty where nothing was."""
        ...

    def localise(self, images: Tensor) -> Tensor:
        """``(B,3,H,W)`` sRGB → scores ``(B,1,⌈H/8⌉,⌈W/8⌉)``, positive, higher on patches; gradient to ``images``."""
        ...

    def to(self, device: torch.device | str) -> Localiser: ...


@dataclass(frozen=True)
class LocalisingDefense:
    """Finds patches and paints over them."""

    name: str
    localiser: Localiser
    thresholds: Thresholds
    options: Mapping[str, Any]  # all that the localiser was made with, for the digest
    kind: DefenseKind = DefenseKind.localising

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim, of whichever task, that sees pictures without patches."""
        return Localised(victim, self, self.localiser, self.thresholds, self.options)


class Localised(Defended[Inner, InnerDecision]):
    """The victim behind a localiser. Hard mask forward, soft mask backward (BPDA, Athalye et al. 2018)."""

    def __init__(
        self,
        victim: Victim[Inner, InnerDecision],
        defense: Defense,
        localiser: Localiser,
        thresholds: Thresholds,
        options: Mapping[str, Any],
    ) -> None:
        given = {**options, "low": thresholds.low, "high": thresholds.high}
        super().__init__(victim, defense, given, localiser.weights)
        self.localiser, self.thresholds = localiser, thresholds

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The victim's and the localiser's."""
        return (*self.victim.networks, *self.localiser.networks)

    def masks(self, images: Tensor) -> Tensor:
        """``(B,1,H,W)``: 1 on what is taken for a patch; the gradient is the soft mask's."""
        score = self.localiser.localise(images)
        mask = hard_mask(score, self.thresholds)
        if torch.is_grad_enabled() and score.requires_grad:
            soft = soft_mask(score, self.thresholds)
            mask = mask + (soft - soft.detach())
        return over_pixels(mask, *images.shape[-2:])

    def passed_on(self, images: Tensor) -> Tensor:
        """The pictures with the masked blocks filled from around them."""
        mask = self.masks(images)
        filled = inpainted(images, mask.detach())
        return images * (1 - mask) + filled * mask if mask.requires_grad else filled

    @property
    def evasion(self) -> Evasion | None:
        """To stay unseen by this localiser, and by what is inside."""
        further = super().evasion
        return Unseen(self) if further is None else Together((Unseen(self), further))

    def alarm(self, images: Tensor) -> Tensor | None:
        """``(B,)``: the highest score of 3 × 3 blocks over the threshold from which a picture is masked."""
        own = means_around(self.localiser.localise(images)).amax((1, 2, 3)) / self.thresholds.high
        further = super().alarm(images)
        return own if further is None else own.maximum(further)

    def to(self, device: torch.device | str) -> Localised[Inner, InnerDecision]:
        """The same on another device."""
        there = self.localiser.to(device)
        return Localised(self.victim.to(device), self.defense, there, self.thresholds, self.options)


class Unseen:
    """The evasion of a localiser: scores below the threshold on whatever wears the patch."""

    def __init__(self, behind: Localised[Any, Any]) -> None:
        self.behind = behind

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(B,)``: by which multiple of ``low`` the blocks of wearers that are too high are so, on average."""
        score = means_around(self.behind.localiser.localise(images))
        excess = (score / self.behind.thresholds.low - SAFE).relu() * _worn(scene, images, score)
        return excess.sum((1, 2, 3)) / (excess > 0).sum((1, 2, 3)).clamp_min(1)


class Together:
    """The evasions of several defences: all of them at once."""

    def __init__(self, evasions: tuple[Evasion, ...]) -> None:
        self.evasions = evasions

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(B,)``, their sum."""
        return torch.stack([evasion.loss(images, scene) for evasion in self.evasions]).sum(0)


def _worn(scene: SceneBatch, images: Tensor, score: Tensor) -> Tensor:
    """``(B,1,h,w)``: 1 on the blocks that a wearer's box touches; an outer defence may have resized the scene."""
    on = torch.zeros_like(score)
    height, width = scene.srgb.shape[-2:]
    scales = (images.shape[-1] / width / BLOCK_PX, images.shape[-2] / height / BLOCK_PX) * 2
    for image, box in zip(scene.image_of[scene.wears].tolist(), scene.boxes_xyxy_px[scene.wears].tolist(), strict=True):
        left, top, right, bottom = (edge * scale for edge, scale in zip(box, scales, strict=True))
        on[image, :, max(0, int(top)) : max(0, int(bottom) + 1), max(0, int(left)) : max(0, int(right) + 1)] = 1
    return on
