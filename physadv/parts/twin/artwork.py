"""The face of the twin's stop sign: its own drawing, so that the second judge shares no picture with the first.

Sizes of MUTCD R1-1 (750 mm, 19 mm border, 254 mm legend); the legend is DejaVu Sans Bold made narrow, which
matplotlib brings along.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from physadv.parts.twin.layout import F64, SIGN_MM, octagon
from physadv.parts.twin.shapes import F32

_WHITE, _RED = (0.78, 0.78, 0.75), (0.42, 0.012, 0.02)  # linear reflectance
_FINE = 4  # px a mm while drawing
_TEXEL_MM = 1.0


@cache
def stop_face() -> F32:
    """``(750, 750, 3)`` linear reflectance; white beyond the octagon."""
    side = int(SIGN_MM * _FINE)
    picture = np.full((side, side, 3), _WHITE, np.float32)
    _fill(picture, [octagon(SIGN_MM - 38)], _RED)
    _fill(picture, _legend("STOP", 254.0, 560.0), _WHITE)
    texels = int(SIGN_MM / _TEXEL_MM)
    return np.asarray(cv2.resize(picture, (texels, texels), interpolation=cv2.INTER_AREA), np.float32)


def _fill(picture: F32, outlines: list[F64], rgb: tuple[float, float, float]) -> None:
    """Even-odd, so that the holes of O and P stay open."""
    pixels = [np.round((outline + SIGN_MM / 2) * _FINE - 0.5).astype(np.int32) for outline in outlines]
    cv2.fillPoly(picture, pixels, rgb)


def _legend(word: str, height_mm: float, width_mm: float) -> list[F64]:
    """Outlines of a word, centred, stretched to its size."""
    path = TextPath((0, 0), word, size=100, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    outlines = [np.asarray(points) * [1, -1] for points in path.to_polygons()]
    every = np.concatenate(outlines)
    middle, extent = (every.max(0) + every.min(0)) / 2, np.ptp(every, axis=0)
    return [(outline - middle) / extent * [width_mm, height_mm] for outline in outlines]
