"""Kinds of printed surface, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.patches.options import (
    ArtworkConfig,
    FabricConfig,
    PaletteConfig,
    PyramidConfig,
    RasterConfig,
    SpectrumConfig,
)

if TYPE_CHECKING:
    from physadv.core.protocols import PatchModel


def _raster(config: RasterConfig) -> PatchModel:
    from physadv.parts.patches.raster import build_raster

    return build_raster(config)


def _pyramid(config: PyramidConfig) -> PatchModel:
    from physadv.parts.patches.pyramid import build_pyramid

    return build_pyramid(config)


def _palette(config: PaletteConfig) -> PatchModel:
    from physadv.parts.patches.palette import build_palette

    return build_palette(config)


def _spectrum(config: SpectrumConfig) -> PatchModel:
    from physadv.parts.patches.spectrum import build_spectrum

    return build_spectrum(config)


def _fabric(config: FabricConfig) -> PatchModel:
    from physadv.parts.patches.fabric import build_fabric

    return build_fabric(config)


def _artwork(config: ArtworkConfig) -> PatchModel:
    from physadv.parts.patches.artwork import build_artwork

    return build_artwork(config)


@hookimpl
def physadv_patches() -> list[Entry[Any, PatchModel]]:
    return [
        Entry(
            "raster", RasterConfig, _raster, "free colours on a grid, cut to a shape",
            "Brown et al. 2017, arXiv:1712.09665; two-bars: Eykholt et al. 2018, arXiv:1707.08945",
        ),
        Entry(
            "pyramid", PyramidConfig, _pyramid, "free colours, learned from coarse to fine: strong in few steps",
            "Olah et al. 2017, doi:10.23915/distill.00007",
        ),
        Entry(
            "palette", PaletteConfig, _palette, "a few inks, each texel one of them, as in vinyl or screen print",
            "Jang et al. 2017, arXiv:1611.01144",
        ),
        Entry("artwork", ArtworkConfig, _artwork, "a picture of yours that may change, all over or where a mask says"),
        Entry(
            "spectrum", SpectrumConfig, _spectrum, "smooth: a sum of cosines up to a limit",
            "Guo et al. 2018, arXiv:1809.08758",
        ),
        Entry("fabric", FabricConfig, _fabric, "a tile that repeats on cloth", "Hu et al. 2022, arXiv:2203.03373"),
    ]  # fmt: skip
