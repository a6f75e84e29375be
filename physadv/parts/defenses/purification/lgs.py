"""Local gradients smoothing: Naseer, Khan and Porikli, WACV 2019."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from physadv.parts.defenses.differences import slope

WINDOW_PX, OVERLAP_PX = 15, 5
STEP_PX = WINDOW_PX - OVERLAP_PX
FLAT = 1e-8  # the least range that is stretched to 0 … 1


def gradients_smoothed(threshold: float, strength: float) -> Callable[[Tensor], Tensor]:
    """The filter that darkens pixels by their gradient wherever a window of 15 px is busy: ``x · (1 - λ·g)``.

    ``g`` is the length of the luma's gradient, brought to 0 … 1 by each picture's own extremes, and 0 outside of
    windows whose mean exceeds ``threshold``; ``λ`` is ``strength``, and ``λ·g`` is at most 1. Exact gradient, but for
    the choice of windows, which is constant almost everywhere.
    """

    def smoothed(images: Tensor) -> Tensor:
        gradient = _normalised(slope(images.mean(1, keepdim=True)))
        busy = _busy(gradient.detach(), threshold)
        return images * (1 - (strength * gradient * busy).clamp(0, 1))

    return smoothed


def _normalised(length: Tensor) -> Tensor:
    low, high = length.amin((2, 3), keepdim=True), length.amax((2, 3), keepdim=True)
    return (length - low) / (high - low).clamp_min(FLAT)


def _busy(gradient: Tensor, threshold: float) -> Tensor:
    """``(B,1,H,W)``: 1 in every window whose mean exceeds the threshold; windows overlap by 5 px."""
    height, width = gradient.shape[-2:]
    more = [-(-max(size - WINDOW_PX, 0) // STEP_PX) * STEP_PX + WINDOW_PX - size for size in (width, height)]
    padded = F.pad(gradient, (0, more[0], 0, more[1]))
    sums = F.avg_pool2d(padded, WINDOW_PX, STEP_PX)
    shares = F.avg_pool2d(F.pad(torch.ones_like(gradient), (0, more[0], 0, more[1])), WINDOW_PX, STEP_PX)
    above = (sums > threshold * shares).to(gradient)
    spread = F.conv_transpose2d(above, gradient.new_ones(1, 1, WINDOW_PX, WINDOW_PX), stride=STEP_PX)
    return (spread[..., :height, :width] > 0).to(gradient)
