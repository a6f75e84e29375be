"""Pictures in blocks: localisers score blocks, not pixels, from the top left; the last ones may stick out."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

BLOCK_PX = 8
"""Of a side."""


def block_means(pixels: Tensor) -> Tensor:
    """``(B,C,H,W)`` → ``(B,C,⌈H/8⌉,⌈W/8⌉)``, of the pixels that are there."""
    return F.avg_pool2d(pixels, BLOCK_PX, ceil_mode=True, count_include_pad=False)


def means_around(blocks: Tensor) -> Tensor:
    """The mean of a block and its eight neighbours, of those that are there."""
    return F.avg_pool2d(blocks, 3, 1, 1, count_include_pad=False)


def over_pixels(blocks: Tensor, height: int, width: int) -> Tensor:
    """``(B,C,h,w)`` → ``(B,C,H,W)``: every pixel has what its block has."""
    return F.interpolate(blocks, scale_factor=BLOCK_PX, mode="nearest")[..., :height, :width]
