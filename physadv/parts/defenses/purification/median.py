"""Median of the neighbourhood: Xu, Evans and Qi, "Feature Squeezing", NDSS 2018."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

FAST_PX = (3, 5)
"""Windows that OpenCV takes for floating-point pictures."""


def median(size_px: int) -> Callable[[Tensor], Tensor]:
    """The filter that replaces each value by the median of a square window of its own channel; edges are continued.

    The gradient is exact: it goes to the pixel that the median was taken from. Without gradient on the CPU it is
    OpenCV that selects, with the same result.
    """

    def filtered(images: Tensor) -> Tensor:
        followed = images.requires_grad and torch.is_grad_enabled()
        if size_px in FAST_PX and images.device.type == "cpu" and not followed:
            return _selected(images.detach(), size_px)
        return _selected_with_gradient(images, size_px)

    return filtered


def _selected(images: Tensor, size_px: int) -> Tensor:
    made = np.empty(tuple(images.shape), np.float32)
    for image, out in zip(images.numpy(), made, strict=True):
        for plane, kept in zip(image, out, strict=True):
            kept[:] = cv2.medianBlur(np.ascontiguousarray(plane), size_px)
    return torch.from_numpy(made)


def _selected_with_gradient(images: Tensor, size_px: int) -> Tensor:
    """Shifted copies, not kornia's convolution with one-hot kernels, which rounds where a GPU multiplies in TF32."""
    height, width = images.shape[-2:]
    padded = F.pad(images, [size_px // 2] * 4, mode="replicate")
    shifts = [padded[..., y : y + height, x : x + width] for y in range(size_px) for x in range(size_px)]
    return torch.stack(shifts).median(0).values
