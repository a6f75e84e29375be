"""Meddlers that need no look into the policy: nobody at all, prints in the world, and controls beside attacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.engines.driving.rollout import Drive, Moment


@dataclass
class Untouched:
    """The world as it is, or with prints hung in it."""

    prints: Mapping[str, PatchImage] = field(default_factory=dict)  # slot → as it looks in print

    def begin(self, drive: Drive, seeds: Sequence[int]) -> None:
        """Nothing to prepare."""

    def shown(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """What the world shows; with prints every step counts as attacked."""
        touched = torch.full_like(moment.running, bool(self.prints))
        return moment.observation.images, touched

    @property
    def facts(self) -> dict[str, float]:
        """Nothing."""
        return {}


@dataclass
class FixedChange:
    """The same change of every picture: a universal perturbation, or a patch that is pasted over one place."""

    change: Tensor  # (C, H, W) added
    cover: Tensor | None = None  # (C, H, W) from 0 to 1; where it is 1 the change replaces the picture
    prints: Mapping[str, PatchImage] = field(default_factory=dict)

    def begin(self, drive: Drive, seeds: Sequence[int]) -> None:
        """Nothing to prepare."""

    def shown(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """All pictures changed."""
        return changed(moment.observation.images, self.change, self.cover), torch.ones_like(moment.running)

    @property
    def facts(self) -> dict[str, float]:
        """Nothing."""
        return {}


def changed(images: Tensor, change: Tensor, cover: Tensor | None) -> Tensor:
    """``(B,C,H,W)`` in [0, 1] with the change ``(C,H,W)`` added, and in its stead where ``cover`` is 1."""
    kept = images if cover is None else images * (1 - cover)
    return (kept + change).clamp(0, 1)
