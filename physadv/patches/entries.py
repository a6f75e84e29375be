"""What the printed surface can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from physadv.hookspecs import Entry, hookimpl

if TYPE_CHECKING:
    from physadv.patches.raster import Raster


@dataclass
class RasterConfig:
    width_mm: float = 500.0  # width on paper
    height_mm: float = 300.0  # height on paper, to the nearest texel
    px_per_100mm: float = 64.0  # texels on 100 mm; a car's camera resolves 20 at 4 m, a webcam 90 at 1 m
    shape: str = "rectangle"  # rectangle, disc, octagon, two-bars, or a picture: its alpha or luminance is the mask
    init: str = "grey"  # grey, random, or a picture to start from, stretched to the patch
    seed: int | None = None  # of the random start; null = the run's


def _raster(config: RasterConfig) -> Raster:
    from physadv.patches.raster import build_raster

    return build_raster(config)


@hookimpl
def physadv_patches() -> list[Entry[RasterConfig, Raster]]:
    return [
        Entry(
            "raster", RasterConfig, _raster, "free colours on a grid, cut to a shape",
            "Brown et al. 2017, arXiv:1712.09665; two-bars: Eykholt et al. 2018, arXiv:1707.08945",
        ),
    ]  # fmt: skip
