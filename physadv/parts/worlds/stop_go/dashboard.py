"""The instrument that the camera sees below the road: without it a picture says nothing about the speed."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.parts.worlds.stop_go.driving import TOP_SPEED_M_S

_SHARE = 0.09  # of the picture's height


def show_speed_(srgb: Tensor, speed_m_s: Tensor) -> None:
    """Draw a bar on black, as long as the car is fast ``(E,)``, into the lowest rows of ``(E, 3, H, W)``, in place."""
    height, width = srgb.shape[2:]
    rows = max(3, round(height * _SHARE))
    column = torch.arange(width, device=srgb.device)
    length = (speed_m_s / TOP_SPEED_M_S * width)[:, None]
    srgb[:, :, -rows:] = 0.05 + 0.85 * (length - column).clamp(0, 1)[:, None, None]
    srgb[:, :, -rows] = 0.05
