"""Options of the Hydra group ``ink``: what becomes of colours in print. Imports no torch.

The defaults change nothing; the presets in ``conf/ink`` name printing conditions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from physadv.core.errors import BadOption

MAX_SPREAD_MM = 20.0


_READ_FROM_PATH = {"icc": "PROFILE.icc", "table": "TABLE.safetensors", "calibrated": "colour.safetensors"}


_COLOURS = ("screen", "coated-offset", *_READ_FROM_PATH)


@dataclass
class InkConfig:
    """A printing condition: inks on a medium. All but the colours acts in linear light."""

    colours: str = "screen"  # screen: as asked; coated-offset: FOGRA39; icc, table, calibrated: read from the path
    path: str = ""  # file of the ICC output profile, or of the .safetensors table; `calibrate colour` writes one
    saturation: float = 1.0  # factor about the luminance: 1 as the colours say, 0 grey; dyes in cloth are duller
    white: list[float] = field(default_factory=lambda: [1.0, 1.0, 1.0])  # reflectance of the bare medium, r g b
    black: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])  # reflectance of the medium under full ink
    spread_mm: float = 0.0  # mm: Gaussian sigma by which dots spread; dyes on cloth 0.5 to 1


def check(config: InkConfig) -> None:
    """Raise :class:`BadOption` for an option that cannot be."""
    if config.colours not in _COLOURS:
        raise BadOption(f"ink.colours must be one of {', '.join(_COLOURS)}, got {config.colours!r}.")
    wanted = _READ_FROM_PATH.get(config.colours)
    if wanted and not config.path:
        raise BadOption(f"ink={config.colours} reads its colours from a file: say ink.path={wanted}.")
    if config.path and not wanted:
        raise BadOption(
            f"ink.path={config.path!r} is read by ink=icc, ink=table and ink=calibrated only. Choose one of them."
        )
    if not 0 <= config.saturation <= 1:
        raise BadOption(f"ink.saturation must be from 0 to 1, got {config.saturation}.")
    if not 0 <= config.spread_mm <= MAX_SPREAD_MM:
        raise BadOption(f"ink.spread_mm must be from 0 to {MAX_SPREAD_MM:g}, got {config.spread_mm}.")
    for name in ("white", "black"):
        value = list(getattr(config, name))
        if len(value) != 3 or not all(math.isfinite(v) and 0 <= v <= 1 for v in value):
            raise BadOption(f"ink.{name} must be [red,green,blue], each from 0 to 1, got {value}.")
    if any(white <= black for white, black in zip(config.white, config.black, strict=True)):
        raise BadOption(
            f"ink.white must be brighter than ink.black, got {list(config.white)} and {list(config.black)}."
        )
