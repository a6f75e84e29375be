"""Median of the neighbourhood: Xu, Evans and Qi, "Feature Squeezing", NDSS 2018."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

FAST_PX = (3, 5)
"""Windows that OpenCV takes for floating-point pictures."""


def median(size_px: int) -> Callable[[Tensor], Tensor]:
    """The filter that replaces each value by the median of a square window of its own channel; edges are continued.

    The gradient is exact: it goes to the pixel that the median was taken from, the first in the window where several
    have that value.
    """

    def filtered(images: Tensor) -> Tensor:
        made: Tensor = _Median.apply(images, size_px)
        return made

    return filtered


class _Median(torch.autograd.Function):
    """kornia's median holds all shifted copies for the way back, and its convolution rounds where a GPU uses TF32."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, size_px: int) -> Tensor:
        on_cpu = images.device.type == "cpu" and size_px in FAST_PX
        made = _by_opencv(images, size_px) if on_cpu else torch.stack(list(_shifted(images, size_px))).median(0).values
        ctx.save_for_backward(images, made)
        ctx.size_px = size_px
        return made

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        images, made = ctx.saved_tensors
        margin = ctx.size_px // 2
        padded = F.pad(torch.zeros_like(images), [margin] * 4)
        open_still = torch.ones_like(made, dtype=torch.bool)
        for there, values in zip(_views(padded, ctx.size_px), _shifted(images, ctx.size_px), strict=True):
            taken = (values == made) & open_still
            open_still ^= taken
            there.addcmul_(gradient, taken.to(gradient))
        return _folded(padded, margin), None


def _by_opencv(images: Tensor, size_px: int) -> Tensor:
    made = np.empty(tuple(images.shape), np.float32)
    for image, out in zip(images.numpy(), made, strict=True):
        for plane, kept in zip(image, out, strict=True):
            kept[:] = cv2.medianBlur(np.ascontiguousarray(plane), size_px)
    return torch.from_numpy(made)


def _shifted(images: Tensor, size_px: int) -> Iterator[Tensor]:
    """The pictures moved to every place of the window, edges continued."""
    return _views(F.pad(images, [size_px // 2] * 4, mode="replicate"), size_px)


def _views(padded: Tensor, size_px: int) -> Iterator[Tensor]:
    height, width = padded.shape[-2] - size_px + 1, padded.shape[-1] - size_px + 1
    for y in range(size_px):
        for x in range(size_px):
            yield padded[..., y : y + height, x : x + width]


def _folded(padded: Tensor, margin: int) -> Tensor:
    """The way back through edges that were continued: what lies outside adds to the outermost pixel."""
    for dim in (-2, -1):
        inner = padded.narrow(dim, margin, padded.shape[dim] - 2 * margin).clone()
        inner.narrow(dim, 0, 1).add_(padded.narrow(dim, 0, margin).sum(dim, keepdim=True))
        last = inner.shape[dim] - 1
        inner.narrow(dim, last, 1).add_(padded.narrow(dim, padded.shape[dim] - margin, margin).sum(dim, keepdim=True))
        padded = inner
    return padded
