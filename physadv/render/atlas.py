"""The one resample from texture to image: a mip pyramid of linear light, read where the analytic homography says.

All levels lie in one picture, so that pixels of every level are read by the same call (Williams, Pyramidal
Parametrics, 1983). Colour is premultiplied by alpha, so that the soft edge comes from the same filter as the print.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.render.curve import decode
from physadv.render.footprint import Footprint
from physadv.types import PatchImage

GUTTER = 8
"""Texels of nothing around each level: a pixel on the patch's rim looks less far past the print, at its own level."""


class Quality(NamedTuple):
    """How a pixel is filtered: by ``taps``² trilinear reads, each at the level of its share of the pixel."""

    taps: int  # along x, and along y
    bias: float  # levels that each read is sharpened by

    @property
    def spread(self) -> float:
        """Variance of what a pixel integrates, px²: a read with texels of side s leaves s²/4, the taps the rest."""
        return 4**self.bias / 4 / self.taps**2 + (1 - self.taps**-2) / 12


FAST = Quality(taps=1, bias=-0.5)
HIGH = Quality(taps=4, bias=-0.5)  # 2 × 2 taps are not enough for an error of 0.015 on noise


@dataclass(frozen=True, slots=True)
class Atlas:
    """All levels of one patch, left to right in one picture, transparent between them."""

    picture: Tensor  # (4, h, w) premultiplied linear light and alpha
    levels: int
    full_width: int  # texels of level 0, with what was added so that every level halves exactly


def build(patch: PatchImage) -> Atlas:
    """Filter the patch down to a few texels. Each level is the box average of 2×2 texels of the one before."""
    height, width = patch.srgb.shape[1:]
    levels = max(2, (max(height, width) // 4).bit_length())
    block = 2 ** (levels - 1)
    full = (height + -height % block, width + -width % block)  # so that every level halves exactly
    return Atlas(_Pyramid.apply(patch.srgb, patch.alpha.detach(), levels, full), levels, full[1])


class _Pyramid(torch.autograd.Function):
    """sRGB ``(3,h,w)`` and alpha ``(1,h,w)`` → the picture of all levels; ``full`` is level 0's height and width."""

    @staticmethod
    def forward(ctx: Any, srgb: Tensor, alpha: Tensor, levels: int, full: tuple[int, int]) -> Tensor:
        linear, slope = decode(srgb)
        ctx.save_for_backward(slope.mul_(alpha))
        ctx.levels, ctx.full = levels, full
        across = sum(full[1] >> level for level in range(levels)) + (levels + 1) * GUTTER
        picture = alpha.new_zeros(4, full[0] + 2 * GUTTER, across)
        views = _views(picture, levels, full)
        height, width = srgb.shape[1:]
        torch.mul(linear, alpha, out=views[0][:3, :height, :width])
        views[0][3, :height, :width] = alpha[0]
        for finer, coarser in itertools.pairwise(views):
            coarser.copy_(F.avg_pool2d(finer, 2))
        return picture

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (slope,) = ctx.saved_tensors
        *finer, coarsest = _views(gradient[:3], ctx.levels, ctx.full)
        total = coarsest
        for level in reversed(finer):
            total = level + (total / 4).repeat_interleave(2, 1).repeat_interleave(2, 2)
        return total[:, : slope.shape[1], : slope.shape[2]] * slope, None, None, None


def _views(picture: Tensor, levels: int, full: tuple[int, int]) -> list[Tensor]:
    """The levels within ``picture``, finest first."""
    found, left = [], GUTTER
    for level in range(levels):
        height, width = full[0] >> level, full[1] >> level
        found.append(picture[:, GUTTER : GUTTER + height, left : left + width])
        left += width + GUTTER
    return found


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where every entry reads the atlas: points at a level and at the next one, and the mix between them."""

    point: tuple[Tensor, Tensor, Tensor]  # (n,) each: homogeneous atlas coordinate at level 0, see _grid_from_texel
    right: tuple[Tensor, Tensor, Tensor] | None  # from one tap to the next along x; None for a single tap
    down: tuple[Tensor, Tensor, Tensor] | None
    level: Tensor  # (n,) float
    mix: Tensor  # (n,) share of the coarser level
    taps: int

    def grids(self, atlas: Atlas) -> Iterator[Tensor]:
        """For each tap ``(1,2,n,2)`` grid_sample coordinates at the finer and at the coarser level."""
        tall, wide = atlas.picture.shape[1:]
        shrink = torch.exp2(-self.level)
        gutter = 2 * GUTTER / wide
        offset = torch.mul(self.level, gutter).add_(gutter + 4 * atlas.full_width / wide - 1)
        for u, v, w in self._points():
            scale = shrink / w.clamp_min(1e-6)
            x, y = scale * u, scale * v
            grid = x.new_empty(1, 2, x.shape[0], 2)
            torch.add(offset, x, out=grid[0, 0, :, 0])
            torch.add(offset, x, alpha=0.5, out=grid[0, 1, :, 0]).add_(gutter)
            torch.add(y, 2 * GUTTER / tall - 1, out=grid[0, 0, :, 1])
            torch.add(y.mul_(0.5), 2 * GUTTER / tall - 1, out=grid[0, 1, :, 1])
            yield grid

    def _points(self) -> Iterator[tuple[Tensor, ...]]:
        if self.right is None or self.down is None:
            yield self.point
            return
        where = [index - (self.taps - 1) / 2 for index in range(self.taps)]
        for i, j in itertools.product(where, where):
            yield tuple(
                (r * i).add_(d, alpha=j).add_(p) for p, r, d in zip(self.point, self.right, self.down, strict=True)
            )


@torch.no_grad()
def locate(atlas: Atlas, texel_from_image: Tensor, blur: Tensor, footprint: Footprint, quality: Quality) -> Lookup:
    """Find the texel and the level of detail of each entry.

    ``texel_from_image`` ``(N,3,3)`` and ``blur`` ``(N,)``, how many times wider than a sharp pixel's the filter is,
    belong to the wearers. The level comes from the analytic Jacobian at both ends of each scan line.
    """
    lines, dtype = footprint.lines, footprint.step.dtype
    wearer = lines.wearer
    start = torch.stack((lines.first, lines.y, torch.ones_like(lines.y)), -1).double()
    grid_from_image = (_grid_from_texel(atlas, texel_from_image) @ texel_from_image).index_select(0, wearer)
    per_step = grid_from_image[:, :, 0]
    at_start = (grid_from_image @ start[:, :, None])[:, :, 0]
    detail = _detail(texel_from_image.index_select(0, wearer), start, lines.run)
    detail[:, 0] += (blur.double().log2() + quality.bias - math.log2(quality.taps)).index_select(0, wearer)
    offsets = grid_from_image.new_empty(wearer.shape[0], 0)
    if quality.taps > 1:
        apart = blur.double().index_select(0, wearer)[:, None] / quality.taps
        offsets = torch.cat((apart * per_step, apart * grid_from_image[:, :, 1]), 1)
    table = torch.cat((per_step, at_start, detail, offsets), 1).to(dtype).T.contiguous()

    line, step = footprint.line, footprint.step
    ux, vx, wx, u, v, w, lod, lodx, *taps = (row.index_select(0, line) for row in table)
    point = (u.addcmul_(ux, step), v.addcmul_(vx, step), w.addcmul_(wx, step))
    lod.addcmul_(lodx, step).clamp_(0, (atlas.levels - 1) * (1 - 1e-6))
    level = lod.floor()
    right, down = ((taps[0], taps[1], taps[2]), (taps[3], taps[4], taps[5])) if taps else (None, None)
    return Lookup(point, right, down, level, lod.sub_(level), quality.taps)


def _grid_from_texel(atlas: Atlas, like: Tensor) -> Tensor:
    """``(3,3)`` from texels to ``x' = (x - 2·width) · 2 / atlas width`` and ``y' = y · 2 / atlas height``.

    Times ``2 ** -level`` that is the place in the atlas, but for an offset which is the same for all texels of a level:
    the levels' widths sum up to ``2·width·(1 - 2 ** -level)``.
    """
    tall, wide = atlas.picture.shape[1:]
    return like.new_tensor([[2 / wide, 0, -4 * atlas.full_width / wide], [0, 2 / tall, 0], [0, 0, 1]])


def _detail(texel_from_image: Tensor, start: Tensor, run: Tensor) -> Tensor:
    """``(m,2)``: log2 of the texels per pixel at each line's first pixel, and how it grows per step."""
    last = (run - 1).clamp_min(1).double()
    ends = torch.stack((start, start), 1)
    ends[:, 1, 0] += last
    texel = ends @ texel_from_image.mT
    depth = texel[..., 2:].clamp_min(1e-6)
    # d(u, v) / d(x, y), one column for x and one for y
    position = texel[..., :2] / depth
    jacobian = texel_from_image[:, None, :2, :2] - position[..., None] * texel_from_image[:, None, 2:, :2]
    jacobian = jacobian / depth[..., None]
    levels = jacobian.square().sum(-2).amax(-1).clamp_min(1e-12).log2() / 2
    return torch.stack((levels[:, 0], (levels[:, 1] - levels[:, 0]) / last), 1)


class Read(torch.autograd.Function):
    """``(4,n)`` values of the atlas: as many calls as taps, whatever the number of levels. Alpha has no gradient."""

    @staticmethod
    def forward(ctx: Any, picture: Tensor, atlas: Atlas, lookup: Lookup) -> Tensor:
        ctx.atlas, ctx.lookup, ctx.grid = atlas, lookup, None
        total = None
        for grid in lookup.grids(atlas):
            if lookup.taps == 1:
                ctx.grid = grid  # several are made anew for the backward, which costs less than their memory
            finer, coarser = F.grid_sample(picture[None], grid, padding_mode="border", align_corners=False)[0].unbind(1)
            value = torch.lerp(finer, coarser, lookup.mix)
            total = value if total is None else total.add_(value)
        assert total is not None
        return total.div_(lookup.taps**2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        atlas, lookup = ctx.atlas, ctx.lookup
        colour = gradient[:3] if lookup.taps == 1 else gradient[:3] / lookup.taps**2
        share = colour.new_empty(1, 3, 2, colour.shape[1])
        torch.mul(colour, lookup.mix, out=share[0, :, 1])
        torch.sub(colour, share[0, :, 1], out=share[0, :, 0])
        source, result = atlas.picture.detach()[None, :3], torch.zeros_like(atlas.picture)
        for grid in lookup.grids(atlas) if ctx.grid is None else (ctx.grid,):
            # bilinear, border, pixel centres at halves; the grid itself has no gradient
            one = torch.ops.aten.grid_sampler_2d_backward(share, source, grid, 0, 1, False, (True, False))
            result[:3] += one[0][0]
        return result, None, None
