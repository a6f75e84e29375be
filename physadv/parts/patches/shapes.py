"""Outlines of printed surfaces, in millimetres, with antialiased edges."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Outline = Callable[[Tensor, Tensor, float, float], Tensor]
"""(x, y, width_mm, height_mm) → signed distance to the edge in mm, negative inside; x, y from the centre in mm."""


def rectangle(x: Tensor, y: Tensor, width_mm: float, height_mm: float) -> Tensor:
    """All of the raster.

    ``x``, ``y`` mm from the centre, broadcast to the distance ``(h, w)`` in mm, as in all outlines here.
    """
    return torch.maximum(x.abs() - width_mm / 2, y.abs() - height_mm / 2)


def disc(x: Tensor, y: Tensor, width_mm: float, height_mm: float) -> Tensor:
    """The largest circle that fits, as ``(h, w)`` mm from the edge."""
    return torch.hypot(x, y) - min(width_mm, height_mm) / 2


def octagon(x: Tensor, y: Tensor, width_mm: float, height_mm: float) -> Tensor:
    """The largest regular octagon that fits, as ``(h, w)`` mm: |x| ≤ s/2, |y| ≤ s/2, |x| + |y| ≤ s/√2, with s across
    flats.
    """
    across = min(width_mm, height_mm)
    flat = torch.maximum(x.abs(), y.abs()) - across / 2
    slanted = (x.abs() + y.abs() - across / math.sqrt(2)) / math.sqrt(2)
    return torch.maximum(flat, slanted)


def triangle(x: Tensor, y: Tensor, width_mm: float, height_mm: float) -> Tensor:
    """The largest equilateral triangle that fits, as ``(h, w)`` mm, its point up: a danger sign's."""
    tall = min(width_mm * math.sqrt(3) / 2, height_mm)
    slanted = x.abs() * math.sqrt(3) / 2 - (y + tall / 2) / 2
    return torch.maximum(y - tall / 2, slanted)


def two_bars(x: Tensor, y: Tensor, width_mm: float, height_mm: float) -> Tensor:
    """Two full-width bars, each a quarter of the height, at the top and at the bottom.

    The gap leaves a sign's legend free, as the stickers of Eykholt et al. (arXiv:1707.08945) do: 500 x 500 mm on a
    750 mm stop sign, whose legend is 250 mm tall.
    """
    bar_mm = height_mm / 4
    return torch.maximum(x.abs() - width_mm / 2, (y.abs() - (height_mm - bar_mm) / 2).abs() - bar_mm / 2)


def spectacles(x: Tensor, y: Tensor, width_mm: float, height_mm: float) -> Tensor:
    """A frame without lenses (Sharif et al. 2016): two rims and the pieces to the ears, ``(h, w)`` mm from the edge.

    Of 150 x 54 mm the lenses are 48 x 34 mm, their middles 63 mm apart as eyes are, and rims some 10 mm broad.
    """
    from_lens = x.abs() - 0.21 * width_mm
    rims = _rounded(from_lens, y, 0.24 * width_mm, 0.5 * height_mm, 0.25 * height_mm)
    to_ears = torch.maximum(x.abs() - width_mm / 2, (y + 0.2 * height_mm).abs() - 0.14 * height_mm)
    lenses = _rounded(from_lens, y, 0.16 * width_mm, 0.315 * height_mm, 0.2 * height_mm)
    return torch.maximum(torch.minimum(rims, to_ears), -lenses)


def _rounded(x: Tensor, y: Tensor, half_width_mm: float, half_height_mm: float, radius_mm: float) -> Tensor:
    """The distance to a rectangle with round corners."""
    across, down = x.abs() - half_width_mm + radius_mm, y.abs() - half_height_mm + radius_mm
    outside = torch.hypot(across.clamp_min(0), down.clamp_min(0))
    return outside + torch.maximum(across, down).clamp_max(0) - radius_mm


SHAPES: dict[str, Outline] = {
    "rectangle": rectangle, "disc": disc, "octagon": octagon, "triangle": triangle, "two-bars": two_bars,
    "spectacles": spectacles,
}  # fmt: skip


def coverage(outline: Outline, height_px: int, width_px: int, width_mm: float) -> Tensor:
    """The share of each texel inside the outline, ``(1,h,w)`` in [0, 1]: exact for straight, upright edges."""
    texel_mm = width_mm / width_px
    x = (torch.arange(width_px, dtype=torch.float64) - (width_px - 1) / 2) * texel_mm
    y = (torch.arange(height_px, dtype=torch.float64) - (height_px - 1) / 2) * texel_mm
    distance_mm = outline(x[None, :], y[:, None], width_mm, height_px * texel_mm)
    return (0.5 - distance_mm / texel_mm).clamp(0, 1).float()[None]
