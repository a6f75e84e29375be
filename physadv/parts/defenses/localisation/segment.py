"""Segmentation: Liu et al., "Segment and Complete: Defending Object Detectors against Adversarial Patch Attacks with
Robust Patch Detection" (SAC), CVPR 2022.

A U-Net that has seen pictures with patches says of every place how likely it is part of one. SAC's is full-sized, and
completes its masks to squares of known sizes; ours is a sixteenth of it, looks at pictures of at most 320 px at a
quarter of their resolution, and leaves completion to the masks that all localisers share.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from physadv.parts.defenses.localisation.blocks import BLOCK_PX

LONGEST_PX = 320
"""To which pictures are shrunk before the network sees them."""

STRIDE = 4
"""Pixels of its input to one of its output."""

COARSEST_PX = 16
"""What sides of its input are multiples of."""

CERTAIN = 8.0  # log-odds: scores begin near 0 where the network is as certain that there is no patch


class SmallUnet(nn.Module):
    """Pictures → log-odds of a patch, at a quarter of the size; 102,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(nn.PixelUnshuffle(STRIDE), *_layer(48, 24), *_layer(24, 24))
        self.middle = nn.Sequential(nn.MaxPool2d(2), *_layer(24, 32), *_layer(32, 32))
        self.coarse = nn.Sequential(nn.MaxPool2d(2), *_layer(32, 48), *_layer(48, 48))
        self.to_middle = nn.Sequential(*_layer(48 + 32, 32))
        self.to_fine = nn.Sequential(*_layer(32 + 24, 24))
        self.head = nn.Conv2d(24, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """``(B,3,H,W)``, sides multiples of 16 → ``(B,1,H/4,W/4)``."""
        fine = self.fine(images * 2 - 1)
        middle = self.middle(fine)
        up = self.to_middle(torch.cat((F.interpolate(self.coarse(middle), scale_factor=2), middle), 1))
        log_odds: Tensor = self.head(self.to_fine(torch.cat((F.interpolate(up, scale_factor=2), fine), 1)))
        return log_odds


class SegmentLocaliser:
    """Scores blocks by the log-odds of a patch, which unlike probabilities keep their gradient where it is certain."""

    def __init__(self, net: SmallUnet, weights: str) -> None:
        """``weights`` is a digest of what ``net`` has learned; its norms are folded, so it learns no more."""
        fold_norms_(net.eval())
        self.net, self.weights = net.eval().requires_grad_(False), weights

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The U-Net."""
        return (self.net,)

    def localise(self, images: Tensor) -> Tensor:
        """``(B,1,h,w)``: about 8 and the log-odds, never below 0."""
        height, width = images.shape[-2:]
        whole = F.pad(images, (0, -width % BLOCK_PX, 0, -height % BLOCK_PX), mode="replicate")
        log_odds = resized(
            self.net(resized(whole, input_hw(*whole.shape[-2:]))), [side // BLOCK_PX for side in whole.shape[-2:]]
        )
        return F.softplus(log_odds + CERTAIN)

    def to(self, device: torch.device | str) -> SegmentLocaliser:
        """Itself, moved in place."""
        self.net.to(device)
        return self


def input_hw(height: int, width: int) -> list[int]:
    """Height and width at which the network sees a picture: never enlarged by more than the rounding."""
    scale = min(1.0, LONGEST_PX / max(height, width))
    return [max(COARSEST_PX, round(side * scale / COARSEST_PX) * COARSEST_PX) for side in (height, width)]


def resized(pixels: Tensor, hw: list[int]) -> Tensor:
    """``(B,C,*,*)`` → ``(B,C,*hw)``, antialiased."""
    if list(pixels.shape[-2:]) == hw:
        return pixels
    return F.interpolate(pixels, hw, mode="bilinear", align_corners=False, antialias=True)


def fold_norms_(net: SmallUnet) -> None:
    """Put batch norms into the convolutions before them: the same answers, sooner."""
    for part in (net.fine, net.middle, net.coarse, net.to_middle, net.to_fine):
        for index, layer in enumerate(part):
            before = part[index - 1]
            if isinstance(layer, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                part[index - 1], part[index] = fuse_conv_bn_eval(before, layer), nn.Identity()


def _layer(before: int, after: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    return nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()
