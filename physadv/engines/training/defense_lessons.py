"""What each defence learns from, and by which loss."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from physadv.engines.training.defense_options import DefenseTraining
from physadv.parts.defenses.localisation.localised import Localiser
from physadv.parts.defenses.localisation.reconstruct import BlockAutoencoder, ReconstructLocaliser, in_blocks, opponent
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

    def filled(self, config: DefenseTraining) -> DefenseTraining:
        """The options, with this lesson's own where none are given."""
        return replace(
            config,
            steps=config.steps or self.steps,
            batch=config.batch or self.batch,
            learning_rate=config.learning_rate or self.learning_rate,
        )

    def judged(self, net: nn.Module) -> Localiser:
        """The localiser of a copy, so that training can go on."""
        return self.localiser(deepcopy(net).float(), "")


def reconstruction_error(net: nn.Module, images: Tensor, shares: Tensor) -> Tensor:
    """The mean error of luma and both colours; ``shares`` are 0, as patches are never shown."""
    colours = opponent(images)
    wrong: Tensor = net(colours) - in_blocks(colours)
    return wrong.abs().mean()


def segmentation_error(net: nn.Module, images: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy with the patch's share of what each place covers. In bfloat16: twice as fast on a CPU."""
    with torch.autocast("cpu", torch.bfloat16):
        log_odds: Tensor = net(images.contiguous(memory_format=torch.channels_last))
    covered = F.avg_pool2d(shares, STRIDE).clamp(0, 1)
    return F.binary_cross_entropy_with_logits(log_odds.float(), covered, pos_weight=torch.tensor(FOUND_WEIGHT))


def _channels_last_unet() -> nn.Module:
    net: nn.Module = SmallUnet().to(memory_format=torch.channels_last)
    return net


LESSONS = {
    "reconstruct": Lesson(
        BlockAutoencoder, ReconstructLocaliser, reconstruction_error,
        with_patches=False, longest_px=416, crop_px=96, batch=32, steps=1200, learning_rate=5e-3,
    ),
    "segment": Lesson(
        _channels_last_unet, SegmentLocaliser, segmentation_error,
        with_patches=True, longest_px=LONGEST_PX, crop_px=192, batch=12, steps=900, learning_rate=4e-3,
    ),
}  # fmt: skip
