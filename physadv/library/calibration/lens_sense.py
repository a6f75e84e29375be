"""Whether a calibration can be a camera at all. What is only doubtful is for :func:`intrinsics.doubts`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

WIDEST_DEG, NARROWEST_DEG = 150, 5
MAX_OFF = 0.3  # of the picture's side that the axis may lie off its middle
MAX_ASPECT = 1.3  # of a pixel
MAX_UNCERTAIN = 0.1  # standard deviation of the focal length, as a share of it


def impossible(matrix: F64, distortion: F64, size_px: tuple[int, int], focal_deviation_px: float) -> str:
    """Properties that no lens has, or nothing. ``matrix`` ``(3,3)``, ``distortion`` ``(5,)`` k1 k2 p1 p2 k3."""
    (fx, _, cx), (_, fy, cy), _ = matrix.tolist()
    width, height = size_px
    field_deg = math.degrees(2 * math.atan(max(width / fx, height / fy) / 2)) if min(fx, fy) > 0 else 180.0
    off = max(abs(cx - (width - 1) / 2) / width, abs(cy - (height - 1) / 2) / height)
    if not NARROWEST_DEG <= field_deg <= WIDEST_DEG:
        return f"a focal length of {fx:.0f} px, a field of view of {field_deg:.0f}°"
    if not 1 / MAX_ASPECT < fy / fx < MAX_ASPECT:
        return f"pixels {fy / fx:.2f} times as wide as high"
    if off > MAX_OFF:
        return f"an axis {off:.0%} of the picture off its middle"
    if not focal_deviation_px <= MAX_UNCERTAIN * fx:
        return f"a focal length of {fx:.0f} ± {focal_deviation_px:.0f} px"
    if (folded := _folds_at(distortion, _reach(matrix, size_px))) is not None:
        return f"a distortion that folds the picture over itself {folded:.0%} of the way to its corner"
    return ""


def _reach(matrix: F64, size_px: tuple[int, int]) -> float:
    """Tangent of the angle to the farthest corner, without distortion."""
    width, height = size_px
    corners = np.array([(x, y) for x in (0.0, width - 1.0) for y in (0.0, height - 1.0)])
    rays = (corners - matrix[:2, 2]) / matrix[[0, 1], [0, 1]]
    return float(np.linalg.norm(rays, axis=1).max())


def _folds_at(distortion: F64, reach: float) -> float | None:
    """The share of ``reach`` in the picture at which a ray farther out is seen farther in; ``None``: nowhere in it.

    The distorted radius ``r (1 + k1 r² + k2 r⁴ + k3 r⁶)`` has to grow until it comes to the corner.
    """
    k1, k2, _, _, k3 = distortion.ravel()[:5].tolist()
    radius = np.linspace(0, 3 * reach, 3000)
    seen = radius * (1 + k1 * radius**2 + k2 * radius**4 + k3 * radius**6)
    falling = np.flatnonzero(np.diff(seen) <= 0)
    if not len(falling) or seen[: falling[0] + 1].max() >= reach:
        return None
    return float(seen[: falling[0] + 1].max() / reach)
