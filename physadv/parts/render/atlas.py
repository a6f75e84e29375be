"""The print as a mip pyramid of linear light: all levels in one picture (Williams, Pyramidal Parametrics, 1983).

So pixels of every level are read by the same call. Colour is premultiplied by alpha, so that the soft edge comes from
the same filter as the print.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.core.types import PatchImage
from physadv.parts.render.transfer_curve import decode

Level = tuple[int, int, int]  # height, width and left end in the picture, texels


@dataclass(frozen=True, slots=True)
class Atlas:
    """All levels of one patch, left to right in one picture, with nothing between them."""

    light: Tensor  # (3, h, w) premultiplied linear light
    alpha: Tensor  # (1, h, w)
    gutter: int  # texels of nothing around each level: pixels on the patch's rim look past the print, at their level
    shrink: Tensor  # (s,) for every half octave: how large its level is, relative to level 0
    left: Tensor  # (s,) and the texel of the picture where it begins


def build(patch: PatchImage, gutter: int) -> Atlas:
    """Filter the patch down to a few texels in half octaves: sizes 1, 3/4, 1/2, 3/8 and so on.

    Half octaves cost less than octaves with a mix of two levels for every pixel, and err as little.
    """
    height, width = patch.srgb.shape[1:]
    octaves = max(2, (max(height, width) // 4).bit_length())
    block = 2 ** (octaves - 1)
    full = (height + -height % block, width + -width % block)  # so that every level halves exactly
    whole, between = _layout(octaves, full, gutter)
    light, alpha = _Pyramid.apply(patch.srgb, patch.alpha.detach(), whole, between, gutter)
    between = between + whole[len(between) : -1]  # the smallest sizes have none between them
    steps = [level for pair in zip(whole, between, strict=False) for level in pair] + whole[-1:]
    shrink, left = alpha.new_tensor([(level[1] / full[1], level[2]) for level in steps]).unbind(1)
    return Atlas(light, alpha, gutter, shrink, left)


def _layout(octaves: int, full: tuple[int, int], gutter: int) -> tuple[list[Level], list[Level]]:
    """The levels that halve level 0, and those that halve 3/4 of it; all but the smallest two sizes have 3/4."""
    found: tuple[list[Level], list[Level]] = [], []
    left = gutter
    for chain, quarters, count in zip(found, (4, 3), (octaves, octaves - 2), strict=True):
        for octave in range(count):
            height, width = (extent * quarters // 4 >> octave for extent in full)
            chain.append((height, width, left))
            left += width + gutter
    return found


class _Pyramid(torch.autograd.Function):
    """sRGB ``(3,h,w)`` and alpha ``(1,h,w)`` → the pictures of all levels, light and alpha; levels as in _layout."""

    @staticmethod
    def forward(
        ctx: Any, srgb: Tensor, alpha: Tensor, whole: list[Level], between: list[Level], gutter: int
    ) -> tuple[Tensor, Tensor]:
        linear, slope = decode(srgb)
        ctx.save_for_backward(slope.mul_(alpha))
        ctx.levels, ctx.gutter = (whole, between), gutter
        ctx.set_materialize_grads(False)  # alpha's would be zeros
        tall, (_, wide, left) = whole[0][0] + 2 * gutter, (whole + between)[-1]
        picture = alpha.new_zeros(4, tall, left + wide + gutter)
        octaves, thirds = _views(picture, whole, gutter), _views(picture, between, gutter)
        height, width = srgb.shape[1:]
        torch.mul(linear, alpha, out=octaves[0][:3, :height, :width])
        octaves[0][3, :height, :width] = alpha[0]
        if thirds:
            low = picture.new_empty(4, between[0][0], whole[0][1])
            _three_of_four(_three_of_four(octaves[0], 1, out=low), 2, out=thirds[0])
        for finer, coarser in (*itertools.pairwise(octaves), *itertools.pairwise(thirds)):
            pairs = finer[:, ::2] + finer[:, 1::2]  # several times faster than avg_pool2d
            torch.add(pairs[:, :, ::2], pairs[:, :, 1::2], out=coarser).mul_(0.25)
        light, covers = picture[:3], picture[3:]
        ctx.mark_non_differentiable(covers)
        return light, covers

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        (slope,) = ctx.saved_tensors
        total, *thirds = (_spread(_views(gradient, chain, ctx.gutter)) for chain in ctx.levels if chain)
        height, width = slope.shape[1:]
        found = total[:, :height, :width] * slope
        for third in thirds:
            found.addcmul_(_four_of_three(_four_of_three(third, 1), 2)[:, :height, :width], slope)
        return found, None, None, None, None


def _views(picture: Tensor, levels: list[Level], gutter: int) -> list[Tensor]:
    """The levels within ``picture``, finest first."""
    return [picture[:, gutter : gutter + height, left : left + width] for height, width, left in levels]


def _spread(levels: list[Tensor]) -> Tensor:
    """The gradient at the finest level, from those at all levels that halve it."""
    *finer, total = levels
    for level in reversed(finer):
        total = level + (total / 4).repeat_interleave(2, 1).repeat_interleave(2, 2)
    return total


def _grouped(level: Tensor, dim: int, size: int) -> Tensor:
    """``level`` ``(c,h,w)`` with ``dim`` cut into groups, as a view: the group's members come after their groups."""
    shape = level.shape
    return level.view(*shape[:dim], shape[dim] // size, size, *shape[dim + 1 :])


def _quarters(like: Tensor, dim: int) -> Tensor:
    """Share of the second texel in each of three that lie between four, along ``dim`` of ``(c,h,w)``."""
    return (torch.arange(1, 4, dtype=like.dtype, device=like.device) / 4).view(3, *(1,) * (2 - dim))


def _three_of_four(level: Tensor, dim: int, out: Tensor) -> Tensor:
    """Write ``level`` ``(c,h,w)`` at 3/4 of its size along ``dim``, by linear interpolation."""
    four = _grouped(level, dim, 4)
    left, right = (four.narrow(dim + 1, start, 3) for start in (0, 1))
    torch.lerp(left, right, _quarters(level, dim), out=_grouped(out, dim, 3))
    return out


def _four_of_three(gradient: Tensor, dim: int) -> Tensor:
    """The backward of :func:`_three_of_four`."""
    three = _grouped(gradient, dim, 3)
    second = three * _quarters(gradient, dim)
    four = F.pad(three - second, (0, 0) * (2 - dim) + (0, 1))
    four.narrow(dim + 1, 1, 3).add_(second)
    return four.flatten(dim, dim + 1)
