"""A given picture that may change in places: a print that one would wear."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage
from physadv.parts.patches.grid import mask, size_px, start
from physadv.parts.patches.options import ArtworkConfig
from physadv.parts.patches.raster import Raster


class ArtworkRaster(Raster):
    """A raster that begins as the artwork, and stays it where it may not change."""

    artwork: Tensor
    may_change: Tensor

    def __init__(self, artwork: Tensor, may_change: Tensor, alpha: Tensor, width_mm: float) -> None:
        """``artwork`` ``(3,h,w)`` sRGB; ``may_change`` ``(1,h,w)`` in [0, 1], between them the share of change."""
        super().__init__(artwork, alpha, width_mm)
        self.register_buffer("artwork", artwork)
        self.register_buffer("may_change", may_change)

    def forward(self) -> PatchImage:
        """As it stands; gradient where it may change."""
        free = super().forward()
        return PatchImage(torch.lerp(self.artwork, free.srgb, self.may_change), free.alpha, free.width_mm)


def build_artwork(config: ArtworkConfig) -> ArtworkRaster:
    """Make it; without an artwork it begins as ``init`` says. Raises :class:`BadInput` for no picture."""
    for name, path in (("artwork", config.artwork), ("may_change", config.may_change)):
        if path and not Path(path).exists():
            raise BadInput(f"patch.{name}: there is no picture {path!r}.")
    height_px, width_px = size_px(config.width_mm, config.height_mm, config.px_per_100mm)
    alpha = mask(config.shape, height_px, width_px, config.width_mm)
    artwork = start(config.artwork or config.init, config.seed or 0, height_px, width_px)
    free = (
        mask(config.may_change, height_px, width_px, config.width_mm) if config.may_change else torch.ones_like(alpha)
    )
    return ArtworkRaster(artwork, free, alpha, float(config.width_mm))
