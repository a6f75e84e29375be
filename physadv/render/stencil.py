"""Filters at a few pixels of large images: each becomes a weighted sum of its neighbours, all others stay.

A patch covers a few per cent of a picture, so gathers at its pixels cost a fraction of a convolution of everything.
Neighbours beyond the edge are mirrored about the edge pixel, which keeps a Bayer pattern's phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.render.curve import decode, encode_

BLUR = ((0.25, 0.5, 0.25), (0.5, 1.0, 0.5), (0.25, 0.5, 0.25))  # a quarter of it sums to 1: Gaussian of sigma 0.7 px
CROSS = ((0.0, 0.25, 0.0), (0.25, 1.0, 0.25), (0.0, 0.25, 0.0))
AROUND = (-1, 0, 1)

Taps = tuple[tuple[Tensor, Tensor | float], ...]


@dataclass(frozen=True, slots=True)
class Stencil:
    """Pixels that share a pattern of neighbours. Indices count in channel 0 of a flat ``(B,3,H,W)``."""

    at: Tensor  # (n,) the pixels
    taps: tuple[Taps, Taps, Taps]  # per channel: (n,) neighbours, and their weight or (n,) weights


@dataclass(frozen=True, slots=True)
class Pixels:
    """A list of pixels ``(n,)``: which image, row and column."""

    image: Tensor
    y: Tensor
    x: Tensor

    @classmethod
    def where(cls, mask: Tensor) -> Pixels:
        """Those set in ``mask`` ``(B,1,H,W)``."""
        return cls(*mask[:, 0].nonzero(as_tuple=True))

    def some(self, which: Tensor) -> Pixels:
        """Those at the indices ``which``."""
        return Pixels(*(value.index_select(0, which) for value in (self.image, self.y, self.x)))


def demosaic(images: Tensor, pixels: Pixels) -> Tensor:
    """``images`` ``(B,3,H,W)`` as seen through a Bayer pattern (red at even rows, columns) at ``pixels``.

    A missing colour is the mean of its two or four nearest, in linear light, as sensors have it. With gradient.
    """
    phase = (pixels.y & 1) * 2 + (pixels.x & 1)
    stencils = []
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        some = (phase == 2 * row + column).nonzero().squeeze(1)
        near = _Neighbours(pixels.some(some), images.shape)
        stencils.append(Stencil(near(0, 0), _bayer_taps(near, row, column)))
    out: Tensor = _Sum.apply(images, tuple(stencils), True)
    return out


def sharpen(images: Tensor, pixels: Pixels, share: Tensor) -> Tensor:
    """Add ``share`` ``(B,)`` of what a 3×3 binomial blur takes away, at ``pixels`` of the codes ``(B,3,H,W)``.

    Clipped to [0, 1], with the gradient of the unclipped.
    """
    near = _Neighbours(pixels, images.shape)
    amount = share.to(images.dtype).index_select(0, pixels.image)
    taps: list[tuple[Tensor, Tensor | float]] = []
    for down, line in zip(AROUND, BLUR, strict=True):
        for right, weight in zip(AROUND, line, strict=True):
            taken = amount * (-weight / 4)
            taps.append((near(down, right), taken + 1 + amount if down == right == 0 else taken))
    out: Tensor = _Sum.apply(images, (Stencil(near(0, 0), (tuple(taps),) * 3),), False)
    return out


class _Neighbours:
    """Where the pixel so many rows down and columns right of each is."""

    def __init__(self, pixels: Pixels, shape: tuple[int, ...]) -> None:
        height, width = shape[2:]
        top = pixels.image * (3 * height)
        self.rows = {down: (top + _mirrored(pixels.y + down, height)) * width for down in AROUND}
        self.columns = {right: _mirrored(pixels.x + right, width) for right in AROUND}

    def __call__(self, down: int, right: int) -> Tensor:
        return self.rows[down] + self.columns[right]


def _mirrored(place: Tensor, size: int) -> Tensor:
    return size - 1 - (size - 1 - place.abs()).abs()


def _bayer_taps(near: _Neighbours, row: int, column: int) -> tuple[Taps, Taps, Taps]:
    """Of pixels at rows and columns of this parity: the kernel's entries that fall on a sample of the channel."""
    channels = []
    for channel, kernel in enumerate((BLUR, CROSS, BLUR)):
        taps = [
            (near(down, right), weight)
            for down, line in zip(AROUND, kernel, strict=True)
            for right, weight in zip(AROUND, line, strict=True)
            if weight and (row + down) % 2 + (column + right) % 2 == channel  # 0 red, 1 green, 2 blue
        ]
        channels.append(tuple(taps))
    red, green, blue = channels
    return red, green, blue


class _Sum(torch.autograd.Function):
    """Write every stencil's weighted sum into a copy of ``images``; of linear light if ``in_light``, else of codes."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, stencils: tuple[Stencil, ...], in_light: bool) -> Tensor:
        out, area = images.clone(memory_format=torch.contiguous_format), images[0, 0].numel()
        codes, into, slopes = images.reshape(-1), out.view(-1), []
        for stencil in stencils:
            for channel, taps in enumerate(stencil.taps):
                total = codes.new_zeros(stencil.at.shape[0])
                for place, weight in taps:
                    value = codes[channel * area :].index_select(0, place)
                    total.add_((decode(value)[0] if in_light else value).mul_(weight))
                if in_light:
                    total, slope = encode_(total)
                    slopes.append(slope)
                into[channel * area :].index_copy_(0, stencil.at, total.clamp_(0, 1))
        ctx.save_for_backward(images if in_light else None, *slopes)
        ctx.stencils = stencils
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, *slopes = ctx.saved_tensors
        out, area = gradient.clone(memory_format=torch.contiguous_format), gradient[0, 0].numel()
        given, into, slope = gradient.reshape(-1), out.view(-1), iter(slopes)
        for stencil in ctx.stencils:
            for channel in range(3):
                into[channel * area :].index_fill_(0, stencil.at, 0)
        for stencil in ctx.stencils:
            for channel, taps in enumerate(stencil.taps):
                arrived = given[channel * area :].index_select(0, stencil.at)
                if images is not None:
                    arrived.mul_(next(slope))
                for place, weight in taps:
                    passed = arrived * weight
                    if images is not None:
                        passed *= decode(images.reshape(-1)[channel * area :].index_select(0, place))[1]
                    into[channel * area :].index_add_(0, place, passed)
        return out, None, None
