"""Options of the printed surfaces. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import OPENS

MAX_INKS = 64  # of a palette


@dataclass
class RasterConfig:
    width_mm: float = 500.0  # width on paper
    height_mm: float = 300.0  # height on paper, to the nearest texel
    px_per_100mm: float = 64.0  # texels on 100 mm; a car's camera resolves 20 at 4 m, a webcam 90 at 1 m
    shape: str = (
        "rectangle"  # rectangle, disc, octagon, triangle, two-bars, spectacles, or a picture: its alpha or luminance
    )
    init: str = "grey"  # grey, random, or a picture or run folder to start from, stretched to the patch
    seed: int | None = None  # of the random start; null = the run's


@dataclass
class PyramidConfig(RasterConfig):
    px_per_100mm: float = 24.0  # texels on 100 mm; what is finer is noise to a detector that sees the patch in 30 px


@dataclass
class PaletteConfig(RasterConfig):
    px_per_100mm: float = 16.0  # texels on 100 mm: 16 are squares of 6 mm, each of one ink
    inks: int = 8  # how many inks, spread over what coated offset can print
    colours: list[str] = field(default_factory=list)  # these inks instead, as hex: ["#c81e1e","#f4f4f4","#1e1e1e"]
    temperature: list[float] = field(default_factory=lambda: [1.0, 0.3])  # of the draws, at first and at last
    temperature_steps: int = 200  # steps in which it falls


@dataclass
class ArtworkConfig(RasterConfig):
    artwork: str = field(default="", metadata=OPENS)  # the picture to begin from, stretched to the patch; empty = init
    may_change: str = field(default="", metadata=OPENS)  # picture: white where the artwork may change; empty = all


@dataclass
class SpectrumConfig(RasterConfig):
    px_per_100mm: float = 32.0  # texels on 100 mm; needs at least twice the cycles
    cycles_per_100mm: float = 4.0  # the finest cosine: 4 are stripes of 12 mm, which 10 pixels on 100 mm resolve


@dataclass
class FabricConfig:
    tile_width_mm: float = 150.0  # width of what repeats
    tile_height_mm: float = 150.0  # its height, to the nearest texel
    tiles_across: int = 3  # of the printed area
    tiles_down: int = 3  # of the printed area
    px_per_100mm: float = 64.0  # texels on 100 mm
    init: str = "grey"  # of the tile: grey, random, or a picture or run folder to start from
    seed: int | None = None  # of the random start; null = the run's


def check_palette(config: PaletteConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    if not 2 <= config.inks <= MAX_INKS:
        raise BadOption(f"patch.inks must be from 2 to {MAX_INKS}, got {config.inks}.")
    span = list(config.temperature)
    if len(span) != 2 or not 1e-3 <= span[1] <= span[0] <= 100:
        raise BadOption(f"patch.temperature must be [first, last] with 100 >= first >= last >= 0.001, got {span}.")
    if config.temperature_steps < 1:
        raise BadOption(f"patch.temperature_steps must be at least 1, got {config.temperature_steps}.")
