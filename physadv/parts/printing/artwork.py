"""The pixels that go to the printer: bleed grown round the patch, then as many dots as its texels are worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import contourpy
import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage
from physadv.library.colour.conversion import U8, rgb_u8_from_srgb
from physadv.parts.printing.layout import Box

MAX_PIXELS = 60_000_000
"""A larger print gets fewer dots an inch; it is seen from further away, too."""

ENOUGH_PIXELS, DOTS_A_TEXEL = 400_000, 2.0
"""Of a print for which nobody asks for a number of dots, and at least along a texel. More show nothing else, and the
file of a patch of 320 × 192 texels would have 20 MB instead of one."""
FINE_DPI = 300.0
"""More dots an inch than this no print shop asks for."""


@dataclass(frozen=True)
class Artwork:
    """A patch ready to print. Lengths in mm from the trim's top left, y down."""

    rgb_u8: U8  # (H, W, 3)
    alpha_u8: U8 | None  # (H, W); None where all is material
    box: Box  # what the pixels cover, whole texels and at least the bleed
    contours: tuple[npt.NDArray[np.float64], ...]  # (n, 2) closed lines to cut along; none for a rectangle


def make_artwork(patch: PatchImage, bleed_mm: float, dpi: float) -> Artwork:
    """Extend the patch's colours outwards by at least ``bleed_mm`` and upsample it to ``dpi`` (Lanczos).

    With ``dpi`` 0 there are ``ENOUGH_PIXELS``, and no more than ``FINE_DPI``; the printer smooths them.
    """
    texel_mm = patch.width_mm / patch.srgb.shape[2]
    border = math.ceil(bleed_mm / texel_mm - 1e-9)
    rgb_u8 = rgb_u8_from_srgb(patch.srgb)
    alpha_u8 = rgb_u8_from_srgb(patch.alpha.expand(3, -1, -1))[..., 0].copy()
    contours: tuple[npt.NDArray[np.float64], ...] = ()
    mask: U8 | None = None
    if alpha_u8.min() == 255:
        beyond: Literal["wrap", "edge"] = "wrap" if patch.repeats else "edge"
        rgb_u8 = np.pad(rgb_u8, ((border, border), (border, border), (0, 0)), mode=beyond)
    else:
        contours = _contours_mm(alpha_u8, texel_mm)
        rgb_u8, mask = _grow(rgb_u8, alpha_u8, border, bleed_mm / texel_mm)
    height, width = rgb_u8.shape[:2]
    box = Box(-border * texel_mm, -border * texel_mm, width * texel_mm, height * texel_mm)
    size = _size_px(width, height, texel_mm, dpi)
    return Artwork(
        _upsampled(rgb_u8, size, Image.Resampling.LANCZOS),
        None if mask is None else _upsampled(mask, size, Image.Resampling.BILINEAR),  # Lanczos would ring: stray dots
        box,
        contours,
    )


def _grow(rgb_u8: U8, alpha_u8: U8, border: int, bleed_texels: float) -> tuple[U8, U8]:
    """Give every texel the colour of the nearest material; make material of what is within the bleed."""
    rgb_u8 = np.pad(rgb_u8, ((border, border), (border, border), (0, 0)))
    alpha_u8 = np.pad(alpha_u8, border)
    if alpha_u8.max() < 128:
        raise BadInput("the patch is transparent everywhere: there is nothing to print. Check its alpha.")
    distance, nearest = ndimage.distance_transform_edt(alpha_u8 < 128, return_indices=True)
    rgb_u8 = rgb_u8[nearest[0], nearest[1]]
    if not border:
        return rgb_u8, alpha_u8
    # from centre to centre: the edges of both texels are half a texel nearer
    coverage = (np.clip(bleed_texels + 1 - distance, 0, 1) * 255).round().astype(np.uint8)
    return rgb_u8, np.maximum(alpha_u8, coverage)


def _contours_mm(alpha_u8: U8, texel_mm: float) -> tuple[npt.NDArray[np.float64], ...]:
    """Lines where the patch is half transparent; a ring of nothing closes those along the raster's edge."""
    ringed = np.pad(alpha_u8.astype(np.float64) / 255, 1)
    lines = contourpy.contour_generator(z=ringed).lines(0.5)
    return tuple((np.asarray(line) - 0.5) * texel_mm for line in lines)  # less the ring, from centres to edges


def _size_px(width: int, height: int, texel_mm: float, dpi: float) -> tuple[int, int]:
    """Width and height in printer's pixels: never fewer than the texels, and no more than memory bears."""
    zoom = min(texel_mm / 25.4 * (dpi or FINE_DPI), math.sqrt(MAX_PIXELS / (width * height)))
    if not dpi:
        zoom = min(zoom, max(math.sqrt(ENOUGH_PIXELS / (width * height)), DOTS_A_TEXEL))
    return max(round(width * zoom), width), max(round(height * zoom), height)


def _upsampled(codes: U8, size: tuple[int, int], filter_: Image.Resampling) -> U8:
    if (codes == codes[0, 0]).all():
        return np.broadcast_to(codes[0, 0], (size[1], size[0], *codes.shape[2:]))
    return np.asarray(Image.fromarray(codes).resize(size, filter_))
