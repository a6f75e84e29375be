"""Differences of neighbouring pixels."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

TINY = 1e-8
"""Under the root of a length, so that flat places have a gradient, zero."""


def forward_differences(field: Tensor) -> tuple[Tensor, Tensor]:
    """To the right and to below, ``(B,C,H,W)`` each; zero at the last column and row."""
    right = F.pad(field[..., :, 1:] - field[..., :, :-1], (0, 1))
    return right, F.pad(field[..., 1:, :] - field[..., :-1, :], (0, 0, 0, 1))


def slope(field: Tensor) -> Tensor:
    """``(B,1,H,W)``: the length of the differences, all channels together."""
    right, below = forward_differences(field)
    return ((right**2 + below**2).sum(1, keepdim=True) + TINY).sqrt()
