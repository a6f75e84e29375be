"""Millimetres become a grid of texels, with a mask and colours to start from; what cannot be is refused."""

from __future__ import annotations

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import generator
from physadv.library.files.images import load_mask, load_srgb
from physadv.parts.patches.shapes import SHAPES, coverage

MAX_SIDE_MM = 20_000.0
MAX_TEXELS = 4096 * 4096
PATCH_OF_RUN = "patch.png"


def size_px(width_mm: float, height_mm: float, px_per_100mm: float, *, of: str = "") -> tuple[int, int]:
    """Height and width in texels; the options are ``width_mm`` and ``height_mm`` after the prefix ``of``.

    Raises :class:`BadOption` for sides or resolutions that give no texel, or too many.
    """
    for name, side_mm in ((f"{of}width_mm", width_mm), (f"{of}height_mm", height_mm)):
        if not 0 < side_mm <= MAX_SIDE_MM:
            raise BadOption(f"patch.{name} must be over 0 and at most {MAX_SIDE_MM:.0f} mm, got {side_mm}.")
    if not (px_per_100mm > 0 and math.isfinite(px_per_100mm)):
        raise BadOption(f"patch.px_per_100mm must be a positive number of texels, got {px_per_100mm}.")
    texel_mm = 100 / px_per_100mm
    height_px, width_px = (round(side_mm / texel_mm) for side_mm in (height_mm, width_mm))
    size = f"a patch of {width_mm:g} x {height_mm:g} mm at patch.px_per_100mm={px_per_100mm:g}"
    if height_px < 1 or width_px < 1:
        raise BadOption(f"{size} has no texel at all. Raise px_per_100mm.")
    if height_px * width_px > MAX_TEXELS:
        raise BadOption(
            f"{size} has {height_px * width_px / 1e6:.0f} million texels, over {MAX_TEXELS / 1e6:.0f}. Lower it."
        )
    return height_px, width_px


def mask(shape: str, height_px: int, width_px: int, width_mm: float) -> Tensor:
    """Alpha ``(1,h,w)`` of a shape by name, or of a picture: its alpha or luminance.

    Raises :class:`BadOption` for a shape that is neither known nor a picture, and :class:`BadInput` for an empty one.
    """
    if shape in SHAPES:
        return coverage(SHAPES[shape], height_px, width_px, width_mm)
    if not Path(shape).exists():
        raise BadOption(f"patch.shape={shape!r} is neither one of {', '.join(SHAPES)} nor a picture that exists.")
    alpha = _resized(load_mask(shape), height_px, width_px)
    if alpha.max() == 0:
        raise BadInput(f"the mask {shape!r} is empty: it has no opaque (or, without alpha, no bright) pixel.")
    return alpha


def start(init: str, seed: int, height_px: int, width_px: int) -> Tensor:
    """Colours ``(3,h,w)`` to start from: grey, random, or a picture, or a run's patch, stretched to the grid.

    Raises :class:`BadOption` for anything else.
    """
    if init == "grey":
        return torch.full((3, height_px, width_px), 0.5)
    if init == "random":
        return torch.rand(3, height_px, width_px, generator=generator(seed, "raster"))
    path = Path(init) / PATCH_OF_RUN if Path(init).is_dir() else Path(init)
    if not path.exists():
        raise BadOption(
            f"patch.init={init!r} is neither grey, random, "
            f"a picture that exists nor a run folder with a {PATCH_OF_RUN}."
        )
    return _resized(load_srgb(path), height_px, width_px)


def _resized(image: Tensor, height_px: int, width_px: int) -> Tensor:
    """Stretch ``(c,h,w)`` to the grid, averaging where it shrinks."""
    resized = F.interpolate(image[None], (height_px, width_px), mode="bilinear", antialias=True)
    return resized[0].clamp(0, 1)
