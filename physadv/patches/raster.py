"""A grid of free colours, cut to a shape: the adversarial patch of Brown et al. (arXiv:1712.09665)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from physadv.errors import BadInput, BadOption
from physadv.images import load_mask, load_srgb
from physadv.patches.shapes import SHAPES, coverage
from physadv.seeding import generator
from physadv.types import PatchImage

if TYPE_CHECKING:
    from physadv.patches.entries import RasterConfig

MAX_SIDE_MM = 20_000.0
MAX_TEXELS = 4096 * 4096


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
    height_px, width_px = _size_px(config)
    alpha = _mask(config.shape, height_px, width_px, config.width_mm)
    return Raster(_start(config, height_px, width_px), alpha, float(config.width_mm))


def _size_px(config: RasterConfig) -> tuple[int, int]:
    for name in ("width_mm", "height_mm"):
        side_mm = getattr(config, name)
        if not 0 < side_mm <= MAX_SIDE_MM:
            raise BadOption(f"patch.{name} must be over 0 and at most {MAX_SIDE_MM:.0f} mm, got {side_mm}.")
    if not (config.px_per_100mm > 0 and math.isfinite(config.px_per_100mm)):
        raise BadOption(f"patch.px_per_100mm must be a positive number of texels, got {config.px_per_100mm}.")
    texel_mm = 100 / config.px_per_100mm
    height_px, width_px = (round(side_mm / texel_mm) for side_mm in (config.height_mm, config.width_mm))
    size = f"a patch of {config.width_mm:g} x {config.height_mm:g} mm at patch.px_per_100mm={config.px_per_100mm:g}"
    if height_px < 1 or width_px < 1:
        raise BadOption(f"{size} has no texel at all. Raise px_per_100mm.")
    if height_px * width_px > MAX_TEXELS:
        raise BadOption(
            f"{size} has {height_px * width_px / 1e6:.0f} million texels, over {MAX_TEXELS / 1e6:.0f}. Lower it."
        )
    return height_px, width_px


def _mask(shape: str, height_px: int, width_px: int, width_mm: float) -> Tensor:
    if shape in SHAPES:
        return coverage(SHAPES[shape], height_px, width_px, width_mm)
    if not Path(shape).exists():
        raise BadOption(f"patch.shape={shape!r} is neither one of {', '.join(SHAPES)} nor a picture that exists.")
    alpha = _resized(load_mask(shape), height_px, width_px)
    if alpha.max() == 0:
        raise BadInput(f"the mask {shape!r} is empty: it has no opaque (or, without alpha, no bright) pixel.")
    return alpha


def _start(config: RasterConfig, height_px: int, width_px: int) -> Tensor:
    if config.init == "grey":
        return torch.full((3, height_px, width_px), 0.5)
    if config.init == "random":
        return torch.rand(3, height_px, width_px, generator=generator(config.seed or 0, "raster"))
    if not Path(config.init).exists():
        raise BadOption(f"patch.init={config.init!r} is neither grey, random nor a picture that exists.")
    return _resized(load_srgb(config.init), height_px, width_px)


def _resized(image: Tensor, height_px: int, width_px: int) -> Tensor:
    """Stretch ``(c,h,w)`` to the grid, averaging where it shrinks."""
    resized = F.interpolate(image[None], (height_px, width_px), mode="bilinear", antialias=True)
    return resized[0].clamp(0, 1)
