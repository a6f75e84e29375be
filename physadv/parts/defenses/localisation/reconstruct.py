"""Reconstruction: Lin et al., "I Don't Know You, But I Can Catch You: Real-Time Defense against Diverse Adversarial
Patches for Object Detectors" (NutNet), CCS 2024.

An autoencoder that has only ever seen clean pictures passes each block through a few numbers; what comes back wrong was
not made like the world. NutNet measures the error in RGB and masks single blocks. Here the error is of colours alone:
luma is wrong at every edge, the colours of a patch only on the patch. Masks are those of every localiser here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from physadv.parts.defenses.localisation.blocks import BLOCK_PX

WIDTH = 16
NUMBERS = 4  # that a block is passed through


class BlockAutoencoder(nn.Module):
    """Blocks of 8 × 8 pixels in opponent colours → the same; 7,500 parameters. Sides are multiples of 8."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2), nn.Conv2d(12, WIDTH, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(WIDTH, WIDTH, 3, 2, 1), nn.ReLU(), nn.Conv2d(WIDTH, NUMBERS, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(nn.Conv2d(NUMBERS, WIDTH, 1), nn.ReLU(), nn.Conv2d(WIDTH, 3 * BLOCK_PX**2, 1))

    def forward(self, colours: Tensor) -> Tensor:
        """``(B,3,H,W)`` → ``(B,192,H/8,W/8)``, as :func:`in_blocks` has it: what the numbers remember."""
        remembered: Tensor = self.decoder(self.encoder(colours))
        return remembered


class ReconstructLocaliser:
    """Scores blocks by the mean error of their two colours, red against green and yellow against blue."""

    def __init__(self, net: BlockAutoencoder, weights: str) -> None:
        """``weights`` is a digest of what ``net`` has learned."""
        self.net, self.weights = net.eval().requires_grad_(False), weights

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The autoencoder."""
        return (self.net,)

    def localise(self, images: Tensor) -> Tensor:
        """``(B,1,h,w)``, from 0 to about 1."""
        height, width = images.shape[-2:]
        whole = F.pad(images, (0, -width % BLOCK_PX, 0, -height % BLOCK_PX), mode="replicate")
        colours = opponent(whole)
        wrong: Tensor = self.net(colours)[:, BLOCK_PX**2 :] - in_blocks(colours[:, 1:])
        return wrong.abs().mean(1, keepdim=True)

    def to(self, device: torch.device | str) -> ReconstructLocaliser:
        """Itself, moved in place."""
        self.net.to(device)
        return self


def opponent(images: Tensor) -> Tensor:
    """sRGB → luma, red against green, yellow against blue, each ``(B,1,H,W)`` of ``(B,3,H,W)``."""
    axes = images.new_tensor([[1 / 3, 1 / 3, 1 / 3], [1, -1, 0], [0.5, 0.5, -1]])
    return F.conv2d(images, axes[..., None, None])  # a third of the time of adding and stacking


def in_blocks(pixels: Tensor) -> Tensor:
    """``(B,C,H,W)`` → ``(B,64 C,H/8,W/8)``: the pixels of a block as its channels."""
    return F.pixel_unshuffle(pixels, BLOCK_PX)
