"""What each defence learns from, and by which loss."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from physadv.parts.defenses.localisation.localised import Localiser
from physadv.parts.defenses.localisation.reconstruct import BlockAutoencoder, ReconstructLocaliser, opponent
from physadv.parts.defenses.localisation.segment import LONGEST_PX, STRIDE, SegmentLocaliser, SmallUnet

FOUND_WEIGHT = 2.0
"""Of places with a patch, against those without."""


@dataclass(frozen=True)
class Lesson:
    """One defence's."""

    net: Callable[[], nn.Module]
    localiser: Callable[[Any, str], Localiser]  # of a network that it may change, and its digest
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor]  # of pictures (B,3,s,s) and the patch's share (B,1,s,s)
    with_patches: bool  # else it sees clean pictures alone
    longest_px: int  # to which pictures are shrunk before they are cut
    crop_px: int
    batch: int
    steps: int
    learning_rate: float

    def judged(self, net: nn.Module) -> Localiser:
        """The localiser of a copy, so that training can go on."""
        return self.localiser(deepcopy(net).float(), "")


def reconstruction_error(net: nn.Module, images: Tensor, shares: Tensor) -> Tensor:
    """The mean error of luma and both colours; ``shares`` are 0, as patches are never shown."""
    colours = opponent(images)
    return (net(colours) - colours).abs().mean()


def segmentation_error(net: nn.Module, images: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy with the patch's share of what each place covers."""
    return F.binary_cross_entropy_with_logits(
        net(images), F.avg_pool2d(shares, STRIDE).clamp(0, 1), pos_weight=torch.tensor(FOUND_WEIGHT)
    )


LESSONS = {
    "reconstruct": Lesson(
        BlockAutoencoder, ReconstructLocaliser, reconstruction_error,
        with_patches=False, longest_px=416, crop_px=96, batch=32, steps=1200, learning_rate=5e-3,
    ),
    "segment": Lesson(
        SmallUnet, SegmentLocaliser, segmentation_error,
        with_patches=True, longest_px=LONGEST_PX, crop_px=192, batch=16, steps=1500, learning_rate=4e-3,
    ),
}  # fmt: skip
