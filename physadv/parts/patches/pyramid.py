"""A raster that is learned from coarse to fine: every texel can still be anything, but large structures come first.

An optimiser that scales every parameter by itself (Adam, sign descent) moves single texels, whose gradients are mostly
noise, as fast as large areas, whose gradients agree. So the same colours are given a few more parameters: grids of half
the texels, a fourth, and so on, which are added to the raster. It is a change of the step, not of what can be reached
(Olah et al. 2017, Feature Visualization, doi:10.23915/distill.00007, on preconditioning).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from physadv.core.types import PatchImage
from physadv.parts.patches.grid import mask, size_px, start
from physadv.parts.patches.options import PyramidConfig
from physadv.parts.patches.raster import Raster

COARSEST = 4  # texels along the shorter side of the coarsest grid, at least


class Pyramid(Raster):
    """A :class:`Raster` with coarser grids beside it, which are zero whenever a step is over."""

    def __init__(self, srgb: Tensor, alpha: Tensor, width_mm: float) -> None:
        """Start from ``srgb`` ``(3,h,w)`` with material where ``alpha`` ``(1,h,w)`` is 1."""
        super().__init__(srgb, alpha, width_mm)
        height, width = srgb.shape[1:]
        self.coarser = nn.ParameterList()
        while min(height, width) >= 2 * COARSEST:
            height, width = round(height / 2), round(width / 2)
            self.coarser.append(nn.Parameter(torch.zeros(1, 3, height, width)))

    def forward(self) -> PatchImage:
        """The patch as it stands, its colours clamped to [0, 1]; gradient passes the clamp."""
        total = self._total()
        return PatchImage(total.detach().clamp(0, 1) + (total - total.detach()), self.alpha, self.width_mm)

    @torch.no_grad()
    def project_(self) -> None:
        """Move what the coarser grids hold into the texels, and bring colours back to the nearest code in [0, 1]."""
        self.srgb.copy_(self._total().clamp(0, 1))
        for grid in self.coarser:
            grid.zero_()

    def _total(self) -> Tensor:
        size = self.srgb.shape[1:]
        return self.srgb + sum(F.interpolate(grid, size, mode="bilinear")[0] for grid in self.coarser)


def build_pyramid(config: PyramidConfig) -> Pyramid:
    """Make the patch that the options describe; wrong ones are refused one by one."""
    height_px, width_px = size_px(config.width_mm, config.height_mm, config.px_per_100mm)
    alpha = mask(config.shape, height_px, width_px, config.width_mm)
    return Pyramid(start(config.init, config.seed or 0, height_px, width_px), alpha, float(config.width_mm))
