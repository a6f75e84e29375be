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
from physadv.render.footprint import Footprint, Lines, between
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
            pairs = finer[:, ::2] + finer[:, 1::2]  # several times faster than avg_pool2d
            torch.add(pairs[:, :, ::2], pairs[:, :, 1::2], out=coarser).mul_(0.25)
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
        shrink = torch.mul(self.level, -math.log(2)).exp_()  # much faster than exp2
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


@dataclass(frozen=True, slots=True)
class Rows:
    """Each scan line's way through the texture: linear in the step along it, in homogeneous coordinates; float64."""

    texel: Tensor  # (3,m) where the line starts
    step: Tensor  # (3,m) what one step adds
    down: Tensor  # (3,m) what the next line adds
    apart: Tensor  # (m,) px from one tap to the next
    lod: Tensor  # (2,m) log2 of a texel of the level to read, in texels of level 0: at the start, and growth per step
    run: Tensor  # (m,) how many pixels


@torch.no_grad()
def follow(texel_from_image: Tensor, blur: Tensor, lines: Lines, quality: Quality) -> Rows:
    """Find texels and level of detail along each line.

    ``texel_from_image`` ``(N,3,3)`` and ``blur`` ``(N,)``, how many times wider than a sharp pixel's the filter is,
    belong to the wearers. The level comes from the analytic Jacobian at both ends of the line.
    """
    columns = texel_from_image.permute(2, 1, 0).reshape(9, -1).contiguous().index_select(1, lines.wearer)
    step, down, origin = columns.view(3, 3, -1)
    start = torch.addcmul(torch.addcmul(origin, step, lines.first.to(step)), down, lines.y.to(step))
    run = lines.run.to(step)
    steps = (run - 1).clamp_min_(1)
    levels = [_detail(texel, step, down) for texel in (start, torch.addcmul(start, step, steps))]
    sharpened = (blur.log2() + quality.bias - math.log2(quality.taps)).index_select(0, lines.wearer)
    lod = torch.stack((levels[0] + sharpened, (levels[1] - levels[0]).div_(steps)))
    return Rows(start, step, down, (blur / quality.taps).index_select(0, lines.wearer), lod, run)


def _detail(texel: Tensor, step: Tensor, down: Tensor) -> Tensor:
    """``(m,)``: log2 of the texels per pixel at homogeneous ``texel`` ``(3,m)``, by the Jacobian's longer column."""
    depth = texel[2].clamp_min(1e-6)
    position = texel[:2] / depth
    longest = [(along[:2] - position * along[2]).square_().sum(0) for along in (step, down)]
    return torch.maximum(*longest).clamp_min_(1e-12).log2_().div_(2) - depth.log2()


@torch.no_grad()
def solid(rows: Rows, patch: PatchImage, quality: Quality) -> Tensor:
    """``(2,m)`` int32: the first and the last step of each line that nothing below can show through.

    There all reads stay within the print: nowhere if the print itself has holes.
    """
    height, width = patch.srgb.shape[1:]
    # the coarser level's texels are two wide, and one and a half of them may hold part of the edge
    reach = 3 + (0.75 * quality.taps * 2**-quality.bias if quality.taps > 1 else 0)
    ends = rows.lod[0], torch.addcmul(rows.lod[0], rows.lod[1], rows.run - 1)
    margin = torch.exp2(torch.maximum(*ends).clamp_min_(0)).mul_(reach)

    def inside(line: Tensor) -> Tensor:
        (u, v, w), near = line, line[2] * margin
        return torch.stack((u - near, v - near, width * w - near - u, height * w - near - v))

    begin, growth = inside(rows.texel), inside(rows.step)
    first, last = between(growth, begin)
    never = ((growth == 0) & (begin < 0)).any(0) | (patch.alpha < 1).any()
    last = last.minimum(rows.run - 1).masked_fill_(never, -1)
    return torch.stack((first.ceil_().clamp_(0, 2**30), last.floor_().clamp_(-1, 2**30))).int()


@torch.no_grad()
def locate(atlas: Atlas, rows: Rows, footprint: Footprint, quality: Quality) -> Lookup:
    """Where every entry of ``footprint`` reads the atlas."""
    to_grid = _grid_from_texel(atlas, rows.texel)
    parts = [to_grid @ rows.step, to_grid @ rows.texel, rows.lod]
    if quality.taps > 1:
        parts += [to_grid @ (rows.apart * rows.step), to_grid @ (rows.apart * rows.down)]
    table = torch.cat(parts).to(footprint.step.dtype)
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


class Read(torch.autograd.Function):
    """``(4,n)`` values of the atlas: as many calls as taps, whatever the number of levels. Alpha has no gradient."""

    @staticmethod
    def forward(ctx: Any, picture: Tensor, atlas: Atlas, lookup: Lookup) -> Tensor:
        single = lookup.taps == 1
        total = None
        for grid in lookup.grids(atlas):
            finer, coarser = F.grid_sample(picture[None], grid, padding_mode="border", align_corners=False)[0].unbind(1)
            value = torch.lerp(finer, coarser, lookup.mix)
            total = value if total is None else total.add_(value)
        assert total is not None
        # many grids are made anew for the backward, which costs less than their memory
        ctx.atlas, ctx.mix, ctx.lookup, ctx.grid = (
            atlas,
            lookup.mix,
            None if single else lookup,
            grid if single else None,
        )
        return total if single else total.div_(lookup.taps**2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        atlas, lookup = ctx.atlas, ctx.lookup
        colour = gradient[:3] if lookup is None else gradient[:3] / lookup.taps**2
        share = colour.new_empty(1, 3, 2, colour.shape[1])
        torch.mul(colour, ctx.mix, out=share[0, :, 1])
        torch.sub(colour, share[0, :, 1], out=share[0, :, 0])
        source, total = atlas.picture.detach()[None, :3], None
        for grid in (ctx.grid,) if lookup is None else lookup.grids(atlas):
            # bilinear, border, pixel centres at halves; the grid itself has no gradient
            one = torch.ops.aten.grid_sampler_2d_backward(share, source, grid, 0, 1, False, (True, False))[0][0]
            total = one if total is None else total.add_(one)
        assert total is not None
        return F.pad(total, (0, 0, 0, 0, 0, 1)), None, None
