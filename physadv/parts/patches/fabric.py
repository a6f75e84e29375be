"""Printed cloth: one tile, repeated, whose opposite edges fit together, so that any cut of the cloth shows it whole.

After the toroidal crops of Hu et al. 2022 (TC-EGA, arXiv:2203.03373); we optimise the tile itself, not a generator.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from physadv.core.errors import BadOption
from physadv.core.types import PatchImage
from physadv.parts.patches.grid import MAX_SIDE_MM, MAX_TEXELS, size_px, start
from physadv.parts.patches.options import FabricConfig

MAX_TILES = 100


class Fabric(nn.Module):
    """The colours of one tile. The renderer shifts the cloth at random, round and round."""

    alpha: Tensor

    def __init__(self, tile: Tensor, tiles: tuple[int, int], tile_width_mm: float) -> None:
        """Start from ``tile`` ``(3,h,w)``; ``tiles`` down and across make the printed area."""
        super().__init__()
        self.tile = nn.Parameter(tile.clone())
        self.tiles, self.width_mm = tiles, tile_width_mm * tiles[1]
        self.register_buffer("alpha", torch.ones(1, tile.shape[1] * tiles[0], tile.shape[2] * tiles[1]))

    def forward(self) -> PatchImage:
        """The printed area, its colours clamped to [0, 1]; gradient passes the clamp, as in a raster."""
        clamped = self.tile.detach().clamp(0, 1) + (self.tile - self.tile.detach())
        return PatchImage(clamped.repeat(1, *self.tiles), self.alpha, self.width_mm, repeats=True)

    @torch.no_grad()
    def project_(self) -> None:
        """Bring every colour back to the nearest code in [0, 1]."""
        self.tile.clamp_(0, 1)


def build_fabric(config: FabricConfig) -> Fabric:
    """Make the fabric that the options describe; wrong ones are refused one by one."""
    for name in ("tiles_across", "tiles_down"):
        if not 1 <= getattr(config, name) <= MAX_TILES:
            raise BadOption(f"patch.{name} must be from 1 to {MAX_TILES}, got {getattr(config, name)}.")
    height_px, width_px = size_px(config.tile_width_mm, config.tile_height_mm, config.px_per_100mm, of="tile_")
    texels = height_px * width_px * config.tiles_across * config.tiles_down
    longest_mm = max(config.tile_width_mm * config.tiles_across, config.tile_height_mm * config.tiles_down)
    if texels > MAX_TEXELS or longest_mm > MAX_SIDE_MM:
        raise BadOption(
            f"{config.tiles_across} x {config.tiles_down} tiles make {longest_mm:g} mm and {texels / 1e6:.0f} million "
            f"texels, over {MAX_SIDE_MM:.0f} or {MAX_TEXELS / 1e6:.0f}. Lower patch.tiles_across or tiles_down."
        )
    tile = start(config.init, config.seed or 0, height_px, width_px)
    return Fabric(tile, (config.tiles_down, config.tiles_across), float(config.tile_width_mm))
