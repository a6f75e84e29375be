"""A grid of free colours, cut to a shape: the adversarial patch of Brown et al. (arXiv:1712.09665)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from physadv.core.types import PatchImage
from physadv.parts.patches.grid import mask, size_px, start
from physadv.parts.patches.options import RasterConfig


class Raster(nn.Module):
    """Every texel's sRGB colour is a parameter."""

    alpha: Tensor

    def __init__(self, srgb: Tensor, alpha: Tensor, width_mm: float) -> None:
        """Start from ``srgb`` ``(3,h,w)`` with material where ``alpha`` ``(1,h,w)`` is 1."""
        super().__init__()
        PatchImage(srgb, alpha, width_mm)  # checks itself
        self.srgb = nn.Parameter(srgb.clone())
        self.register_buffer("alpha", alpha)
        self.width_mm = width_mm

    def forward(self) -> PatchImage:
        """The patch as it stands, its colours clamped to [0, 1]; gradient passes the clamp."""
        # clamp alone has no gradient at 0 and 1 themselves: black and white texels could never change again
        clamped = self.srgb.detach().clamp(0, 1) + (self.srgb - self.srgb.detach())
        return PatchImage(clamped, self.alpha, self.width_mm)

    @torch.no_grad()
    def project_(self) -> None:
        """Bring every colour back to the nearest code in [0, 1]."""
        self.srgb.clamp_(0, 1)


def build_raster(config: RasterConfig) -> Raster:
    """Make the raster that the options describe; wrong ones are refused one by one."""
    height_px, width_px = size_px(config.width_mm, config.height_mm, config.px_per_100mm)
    alpha = mask(config.shape, height_px, width_px, config.width_mm)
    return Raster(start(config.init, config.seed or 0, height_px, width_px), alpha, float(config.width_mm))
