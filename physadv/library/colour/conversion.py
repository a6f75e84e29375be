"""The only place where colour spaces and memory layouts are converted.

Light adds and scales in linear light; sRGB codes do not. OpenCV's ``bgr_u8`` (H,W,3) exists only here and in frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from physadv.core.errors import BadShape

U8 = npt.NDArray[np.uint8]

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear sRGB (IEC 61966-2-1)."""


def linear_from_srgb(srgb: Tensor) -> Tensor:
    """Decode sRGB codes in [0, 1] to linear light in [0, 1] (IEC 61966-2-1). Any shape; gradient everywhere."""
    # clamp inside the branch that is not taken: 0 ** 2.4 has no finite gradient
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp_min(0.04) + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: Tensor) -> Tensor:
    """Encode linear light to sRGB codes; the inverse of :func:`linear_from_srgb`. Any shape; gradient everywhere."""
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(0.003).pow(1 / 2.4) - 0.055)


def srgb_from_rgb_u8(rgb_u8: U8) -> Tensor:
    """``(H,W,3)`` uint8 RGB → ``(3,H,W)`` float32 sRGB in [0, 1].

    Raises :class:`BadShape` for another shape or type.
    """
    if rgb_u8.dtype != np.uint8 or rgb_u8.ndim != 3 or rgb_u8.shape[2] != 3:
        raise BadShape(f"rgb_u8 must be (H, W, 3) uint8, got {rgb_u8.shape} {rgb_u8.dtype}")
    return torch.from_numpy(np.ascontiguousarray(rgb_u8)).permute(2, 0, 1).float() / 255


def rgb_u8_from_srgb(srgb: Tensor) -> U8:
    """``(3,H,W)`` float sRGB → ``(H,W,3)`` uint8 RGB, clipped and rounded."""
    return (srgb.detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def srgb_from_bgr_u8(bgr_u8: U8) -> Tensor:
    """OpenCV's ``(H,W,3)`` uint8 BGR → ``(3,H,W)`` float32 sRGB in [0, 1]."""
    return srgb_from_rgb_u8(np.ascontiguousarray(bgr_u8[..., ::-1]))


def bgr_u8_from_srgb(srgb: Tensor) -> U8:
    """``(3,H,W)`` float sRGB → OpenCV's ``(H,W,3)`` uint8 BGR."""
    return np.ascontiguousarray(rgb_u8_from_srgb(srgb)[..., ::-1])
