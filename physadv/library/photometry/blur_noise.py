"""Blur and noise of a photo's own camera, measured on the pixels alone.

Both are what is left after compression and shrinking, which is what a patch in that photo would show too.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from torch import Tensor

from physadv.library.colour.conversion import LUMINANCE, linear_from_srgb

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_CLIPPED = (2.5 / 255, 252.5 / 255)  # codes outside have lost what they were

FINE, COARSE, WIDE = 1.0, 2.0, 4.0  # px: sigmas of the derivatives of Gaussians; the widest only chooses the edges
EDGES = 0.05  # share of the ridges that count as edges: those with the largest step beyond their own neighbourhood
MIN_RISE = 1e-3  # linear light per px
PIXEL = 1 / 12  # px²: the spread of a square pixel, which every camera has and no lens makes
SHARP, SOFT = 0.0, 6.0  # px: the range of what is reported

BLOCK = 4  # Haar details a side: 8 px
FLAT = 0.1  # share of the blocks, of each brightness, that are flattest
LEVELS = 10  # brightnesses at which the variance is measured
FEWEST = 6  # blocks of a brightness
MAX_SHOT, MAX_READ = 4e-3, 1e-3  # more is texture: a phone at dusk has a quarter of it (assumption)


def blur_px(srgb: Tensor) -> float:
    """Sigma of the photo ``(3,H,W)`` in px at its edges, from how fast their rise falls when blurred further.

    A step blurred by sigma rises by ``1/√(sigma² + s²)`` under the derivative of a Gaussian of s, so two s tell sigma
    (Zhuo and Sim 2011, with derivatives of Gaussians for both measurements). Edges are ridges of the rise in linear
    light that still stand out under a wide derivative, as texture does not. Their median counts, without the pixel's
    own width. 0 where the photo has no edges.
    """
    linear = linear_from_srgb(srgb).permute(1, 2, 0).double().numpy() @ np.array(LUMINANCE)
    fine, coarse, wide = (_slopes(linear, sigma) for sigma in (FINE, COARSE, WIDE))
    rise, step = np.hypot(*fine), np.hypot(*wide)
    ridges = _ridges(rise, fine) & ~_near_clipped(srgb)
    if not ridges.any():
        return SHARP
    edges = ridges & (step >= max(np.quantile(step[ridges], 1 - EDGES), MIN_RISE))
    if not edges.any():
        return SHARP
    ratio = (rise[edges] / np.maximum(np.hypot(*coarse)[edges], 1e-9)) ** 2
    # (sigma² + coarse²) / (sigma² + fine²) = ratio, solved for sigma²
    spread = (COARSE**2 - ratio * FINE**2) / np.maximum(ratio - 1, 1e-3)
    return float(np.clip(np.sqrt(max(np.median(spread) - PIXEL, 0.0)), SHARP, SOFT))


def noise_variances(srgb: Tensor) -> tuple[float, float]:
    """``a, b`` of the noise of the photo ``(3,H,W)``: variance ``a·x + b`` where linear light is x, a channel.

    Diagonal Haar details see noise and few edges (Donoho and Johnstone 1994); here they are taken in linear light,
    from the flattest blocks of each brightness, without the codes' own rounding, and a line is laid through the
    variances (Foi et al. 2008). Flatness is judged on the blocks' means, which the details know nothing of.
    """
    means, details, flatness = _haar(srgb)
    keep = np.isfinite(flatness)
    if keep.sum() < 2 * FEWEST:
        return 0.0, 0.0
    means, details, flatness = means[keep], details[keep], flatness[keep]
    edges = np.quantile(means, np.linspace(0, 1, LEVELS + 1))
    rows = []
    for low, high in pairwise(edges):
        level = (means >= low) & (means <= high)
        flat = level & (flatness <= np.quantile(flatness[level], FLAT)) if level.any() else level
        if flat.sum() >= FEWEST:
            at = float(means[flat].mean())
            rows.append((at, max(_core_variance(details[flat]) - _rounding(at), 0.0)))
    return _line(np.array(rows)) if rows else (0.0, 0.0)


def _slopes(linear: F64, sigma: float) -> tuple[F64, F64]:
    """Derivatives of a Gaussian along x and along y."""
    reach = int(np.ceil(4 * sigma))
    at = np.arange(-reach, reach + 1)
    bell = np.exp(-(at**2) / (2 * sigma**2))
    smooth = bell / bell.sum()
    rise = at * smooth / (at**2 @ smooth)
    return (
        np.asarray(cv2.sepFilter2D(linear, cv2.CV_64F, rise, smooth, borderType=cv2.BORDER_REFLECT)),
        np.asarray(cv2.sepFilter2D(linear, cv2.CV_64F, smooth, rise, borderType=cv2.BORDER_REFLECT)),
    )


def _ridges(rise: F64, slopes: tuple[F64, F64]) -> Flags:
    """Where the rise is the highest of three along its own direction, rounded to eight."""
    angle = np.round(np.arctan2(slopes[1], slopes[0]) / (np.pi / 4)).astype(int) % 4
    top = np.zeros(rise.shape, bool)
    for turn, (dy, dx) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        before, after = (np.roll(rise, (sign * dy, sign * dx), (0, 1)) for sign in (1, -1))
        top |= (angle == turn) & (rise > before) & (rise >= after)
    top[[0, -1], :], top[:, [0, -1]] = False, False
    return top


def _near_clipped(srgb: Tensor) -> Flags:
    """Pixels within reach of one that is black or white to the limit: its edge is steeper than the lens made it."""
    lost = (srgb.amin(0) < _CLIPPED[0]) | (srgb.amax(0) > _CLIPPED[1])
    reach = np.ones((7, 7), np.uint8)
    return np.asarray(cv2.dilate(lost.numpy().astype(np.uint8), reach), bool)


def _haar(srgb: Tensor) -> tuple[F64, F64, F64]:
    """Of every block and channel: mean ``(n,)``, details ``(n, BLOCK²)``, flatness ``(n,)``, infinite where clipped."""
    side = 2 * BLOCK
    height, width = (size // side * side for size in srgb.shape[1:])
    codes = srgb[:, :height, :width].double()
    linear = linear_from_srgb(codes)
    squares = linear.reshape(3, height // 2, 2, width // 2, 2)
    details = (squares[:, :, 0, :, 0] + squares[:, :, 1, :, 1] - squares[:, :, 0, :, 1] - squares[:, :, 1, :, 0]) / 2

    def blocks(values: Tensor, cells: int) -> F64:
        """``(3, H, W)`` → ``(n, cells²)``."""
        split = values.reshape(3, values.shape[1] // cells, cells, values.shape[2] // cells, cells)
        return np.asarray(split.permute(0, 1, 3, 2, 4).reshape(-1, cells * cells).numpy())

    coarse = blocks(squares.mean((2, 4)), BLOCK)
    held = blocks(codes, side)
    clipped = (held.min(1) < _CLIPPED[0]) | (held.max(1) > _CLIPPED[1])
    flatness = np.where(clipped, np.inf, coarse.std(1))
    return coarse.mean(1), blocks(details, BLOCK), flatness


def _core_variance(details: F64) -> float:
    """Variance of what lies within three sigmas, sought by repetition: a few edges do not count."""
    values = details.ravel()
    for _ in range(5):
        values = values[np.abs(values) <= 3 * np.sqrt((values**2).mean()) + 1e-12]
    return float((values**2).mean()) / 0.973  # a Gaussian cut at three sigmas has lost that much


def _rounding(linear: float) -> float:
    """Variance that 8-bit codes add at this brightness: a twelfth of a step, squared, in linear light."""
    code = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    slope = 1 / 12.92 if code <= 0.04045 else 2.4 / 1.055 * ((code + 0.055) / 1.055) ** 1.4
    return (slope / 255) ** 2 / 12


def _line(rows: F64) -> tuple[float, float]:
    """The line through ``(brightness, variance)`` with neither term negative; errors grow with the variance."""
    at, variance = rows[:, 0], rows[:, 1]
    weight = 1 / np.maximum(variance, 0.1 * variance.max() + 1e-12)
    both = np.stack([at, np.ones_like(at)], 1) * weight[:, None]
    target = variance * weight
    a, b = np.linalg.lstsq(both, target, rcond=None)[0]
    if b < 0:
        a, b = float(both[:, 0] @ target / (both[:, 0] @ both[:, 0])), 0.0
    elif a < 0:
        a, b = 0.0, float(both[:, 1] @ target / (both[:, 1] @ both[:, 1]))
    return min(max(float(a), 0.0), MAX_SHOT), min(max(float(b), 0.0), MAX_READ)
