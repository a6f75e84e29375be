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

from physadv.parts.render.transfer_curve import decode, encode_

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
        """Those at the indices ``which`` ``(m,)``."""
        return Pixels(*(value.index_select(0, which) for value in (self.image, self.y, self.x)))


@dataclass(frozen=True, slots=True)
class Filter:
    """Sums to be written at all stencils' pixels at once; of linear light if ``in_light``, else of codes."""

    stencils: tuple[Stencil, ...]
    in_light: bool


def filtered_(images: Tensor, filters: tuple[Filter, ...]) -> Tensor:
    """``images`` ``(B,3,H,W)`` through the filters in turn, in place and with gradient.

    Sums are clipped to [0, 1], with the gradient of the unclipped.
    """
    out: Tensor = _Filtered.apply(images, filters)
    return out


def bayer(pixels: Pixels, shape: torch.Size) -> Filter:
    """A missing colour is the mean of its two or four nearest, in linear light, as sensors have it."""
    phase = (pixels.y & 1) * 2 + (pixels.x & 1)
    stencils = []
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        some = (phase == 2 * row + column).nonzero().squeeze(1)
        near = _Neighbours(pixels.some(some), shape)
        stencils.append(Stencil(near(0, 0), _bayer_taps(near, row, column)))
    return Filter(tuple(stencils), in_light=True)


def unsharp(pixels: Pixels, share: Tensor, shape: torch.Size) -> Filter:
    """Unsharp masking by a 3×3 binomial blur; ``share`` ``(B,)`` of the detail is added."""
    near = _Neighbours(pixels, shape)
    amount = share.index_select(0, pixels.image)
    taps: list[tuple[Tensor, Tensor | float]] = []
    for down, line in zip(AROUND, BLUR, strict=True):
        for right, weight in zip(AROUND, line, strict=True):
            taken = amount * (-weight / 4)
            taps.append((near(down, right), taken + 1 + amount if down == right == 0 else taken))
    return Filter((Stencil(near(0, 0), (tuple(taps),) * 3),), in_light=False)


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


class _Filtered(torch.autograd.Function):
    """All filters in one, so that the gradient of the images is copied only once."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, filters: tuple[Filter, ...]) -> Tensor:
        ctx.filters, ctx.rates = filters, []
        channels = _planes(images)
        for filter_ in filters:
            sums = [
                (codes, stencil.at, *_sum(codes, taps, in_light=filter_.in_light))
                for stencil in filter_.stencils
                for codes, taps in zip(channels, stencil.taps, strict=True)
            ]
            for codes, at, total, _ in sums:
                codes.index_copy_(0, at, total)
            ctx.rates.append([rates for *_, rates in sums])
        ctx.mark_dirty(images)
        return images

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        out = gradient.clone(memory_format=torch.contiguous_format)
        channels = _planes(out)
        for filter_, rates in zip(reversed(ctx.filters), reversed(ctx.rates), strict=True):
            jobs = [
                (into, stencil.at, taps, into.index_select(0, stencil.at))
                for stencil in filter_.stencils
                for into, taps in zip(channels, stencil.taps, strict=True)
            ]
            for into, at, *_ in jobs:
                into.index_fill_(0, at, 0)
            for (into, _, taps, arrived), some in zip(jobs, rates, strict=True):
                for (place, weight), rate in zip(taps, some or [None] * len(taps), strict=True):
                    into.index_add_(0, place, arrived * (weight if rate is None else rate))
        return out, None


def _planes(images: Tensor) -> list[Tensor]:
    """Flat views that begin at each channel of the first image: indices of channel 0 fit all three."""
    flat, area = images.view(-1), images[0, 0].numel()
    return [flat[channel * area :] for channel in range(3)]


def _sum(codes: Tensor, taps: Taps, *, in_light: bool) -> tuple[Tensor, list[Tensor] | None]:
    """A weighted sum, clipped, and how much of each tap's code goes into it (None: its weight)."""
    if not in_light:
        total = torch.zeros_like(codes[:1]).expand(taps[0][0].shape[0]).contiguous()
        for place, weight in taps:
            total += codes.index_select(0, place).mul_(weight)
        return total.clamp_(0, 1), None
    light, rates = None, []
    for place, weight in taps:
        value, slope = decode(codes.index_select(0, place))
        value.mul_(weight)
        light = value if light is None else light.add_(value)
        rates.append(slope.mul_(weight))
    assert light is not None
    total, slope = encode_(light)
    return total, [rate.mul_(slope) for rate in rates]
