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


Level = tuple[int, int, int]  # height, width and left end in the picture, texels


@dataclass(frozen=True, slots=True)
class Atlas:
    """All levels of one patch, left to right in one picture, with nothing between them."""

    light: Tensor  # (3, h, w) premultiplied linear light
    alpha: Tensor  # (1, h, w)
    shrink: Tensor  # (s,) for every half octave: how large its level is, relative to level 0
    left: Tensor  # (s,) and the texel of the picture where it begins


def build(patch: PatchImage) -> Atlas:
    """Filter the patch down to a few texels in half octaves: sizes 1, 3/4, 1/2, 3/8 and so on.

    Half octaves cost less than octaves with a mix of two levels for every pixel, and err as little.
    """
    height, width = patch.srgb.shape[1:]
    octaves = max(2, (max(height, width) // 4).bit_length())
    block = 2 ** (octaves - 1)
    full = (height + -height % block, width + -width % block)  # so that every level halves exactly
    whole, between = _layout(octaves, full)
    light, alpha = _Pyramid.apply(patch.srgb, patch.alpha.detach(), whole, between)
    between = between + whole[len(between) : -1]  # the smallest sizes have none between them
    steps = [level for pair in zip(whole, between, strict=False) for level in pair] + whole[-1:]
    shrink, left = alpha.new_tensor([(level[1] / full[1], level[2]) for level in steps]).unbind(1)
    return Atlas(light, alpha, shrink, left)


def _layout(octaves: int, full: tuple[int, int]) -> tuple[list[Level], list[Level]]:
    """The levels that halve level 0, and those that halve 3/4 of it; all but the smallest two sizes have 3/4."""
    found: tuple[list[Level], list[Level]] = [], []
    left = GUTTER
    for chain, quarters, count in zip(found, (4, 3), (octaves, octaves - 2), strict=True):
        for octave in range(count):
            height, width = (extent * quarters // 4 >> octave for extent in full)
            chain.append((height, width, left))
            left += width + GUTTER
    return found


class _Pyramid(torch.autograd.Function):
    """sRGB ``(3,h,w)`` and alpha ``(1,h,w)`` → the pictures of all levels, light and alpha; levels as in _layout."""

    @staticmethod
    def forward(
        ctx: Any, srgb: Tensor, alpha: Tensor, whole: list[Level], between: list[Level]
    ) -> tuple[Tensor, Tensor]:
        linear, slope = decode(srgb)
        ctx.save_for_backward(slope.mul_(alpha))
        ctx.levels = whole, between
        ctx.set_materialize_grads(False)  # alpha's would be zeros
        tall, (_, wide, left) = whole[0][0] + 2 * GUTTER, (whole + between)[-1]
        picture = alpha.new_zeros(4, tall, left + wide + GUTTER)
        octaves, thirds = _views(picture, whole), _views(picture, between)
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
        total, *thirds = (_spread(_views(gradient, chain)) for chain in ctx.levels if chain)
        height, width = slope.shape[1:]
        found = total[:, :height, :width] * slope
        for third in thirds:
            found.addcmul_(_four_of_three(_four_of_three(third, 1), 2)[:, :height, :width], slope)
        return found, None, None, None


def _views(picture: Tensor, levels: list[Level]) -> list[Tensor]:
    """The levels within ``picture``, finest first."""
    return [picture[:, GUTTER : GUTTER + height, left : left + width] for height, width, left in levels]


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
    # a read touches one and a half texels, and those of 3/4 overlap by half of one; they may be a quarter octave larger
    reach = 2.4 + (0.75 * quality.taps * 2**-quality.bias if quality.taps > 1 else 0)
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


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where the entries read the atlas, told per scan line."""

    atlas: Atlas
    table: Tensor  # (8,m), (14,m) with several taps; see locate
    taps: int

    def grids(self, line: Tensor, step: Tensor) -> Iterator[Tensor]:
        """For each tap ``(1,1,n,2)`` grid_sample coordinates of entries at ``step`` ``(n,)`` of ``line`` ``(n,)``."""
        tall, wide = self.atlas.alpha.shape[1:]
        ux, vx, wx, u, v, w, lod, lodx, *taps = (row.index_select(0, line) for row in self.table)
        u.addcmul_(ux, step), v.addcmul_(vx, step), w.addcmul_(wx, step)
        level = lod.addcmul_(lodx, step).clamp_(0, self.atlas.shrink.shape[0] - 0.5).int()
        shrink = self.atlas.shrink.index_select(0, level)
        left = (self.atlas.left * (2 / wide) - 1).index_select(0, level)
        for x, y, depth in _taps((u, v, w), taps, self.taps):
            scale = shrink / depth.clamp_min(1e-6)
            grid = scale.new_empty(2, scale.shape[0])
            torch.addcmul(left, scale, x, out=grid[0])
            torch.mul(scale, y, out=grid[1]).add_(2 * GUTTER / tall - 1)
            yield grid.T[None, None]


def _taps(point: tuple[Tensor, ...], apart: list[Tensor], taps: int) -> Iterator[tuple[Tensor, ...]]:
    """Homogeneous points of all taps; ``apart`` is from one to the next along x, then along y."""
    if taps == 1:
        yield point
        return
    where = [index - (taps - 1) / 2 for index in range(taps)]
    for i, j in itertools.product(where, where):
        yield tuple((r * i).add_(d, alpha=j).add_(p) for p, r, d in zip(point, apart[:3], apart[3:], strict=True))


@torch.no_grad()
def locate(atlas: Atlas, rows: Rows, quality: Quality) -> Lookup:
    """Prepare to read the atlas along ``rows``."""
    tall, wide = atlas.alpha.shape[1:]
    to_grid = torch.ones_like(rows.texel[:, :1])  # grid_sample coordinates, were level 0 all there is
    to_grid[0], to_grid[1] = 2 / wide, 2 / tall
    half_octaves = 2 * rows.lod
    half_octaves[0] += 0.5  # cut off later: the nearest
    parts = [to_grid * rows.step, to_grid * rows.texel, half_octaves]
    if quality.taps > 1:
        parts += [to_grid * (rows.apart * rows.step), to_grid * (rows.apart * rows.down)]
    return Lookup(atlas, torch.cat(parts).to(atlas.light.dtype), quality.taps)


@torch.no_grad()
def opacity(lookup: Lookup, footprint: Footprint) -> Tensor:
    """``(n,)``: the alpha of every entry. Only those on the rim have to be read."""
    line, step = (t.index_select(0, footprint.rim) for t in (footprint.line, footprint.step))
    total = torch.zeros_like(step)
    for grid in lookup.grids(line, step):
        total += _sample(lookup.atlas.alpha, grid)[0]
    return torch.ones_like(footprint.step).index_copy_(0, footprint.rim, total.div_(lookup.taps**2))


def read(light: Tensor, lookup: Lookup, line: Tensor, step: Tensor, grids: Tensor | None) -> Tensor:
    """``(3,n)`` premultiplied linear light of entries. A single tap's grid is kept in ``grids`` ``(2,n)``."""
    total = None
    for grid in lookup.grids(line, step):
        value = _sample(light, grid)
        total = value if total is None else total.add_(value)
        if grids is not None:
            grids.copy_(grid[0, 0].T)
    assert total is not None
    return total if lookup.taps == 1 else total.div_(lookup.taps**2)


def unread(gradient: Tensor, lookup: Lookup, footprint: Footprint, grids: Tensor | None) -> Tensor:
    """The backward of :func:`read` for all entries: from ``(3,n)`` to the atlas's light.

    Many grids are made anew, which costs less than their memory.
    """
    share = (gradient if lookup.taps == 1 else gradient / lookup.taps**2)[None, :, None]
    source, total = lookup.atlas.light.detach()[None], None
    every = lookup.grids(footprint.line, footprint.step) if grids is None else (grids.T[None, None],)
    for grid in every:
        # bilinear, border, pixel centres at halves; the grid itself has no gradient
        one: Tensor = torch.ops.aten.grid_sampler_2d_backward(share, source, grid, 0, 1, False, (True, False))[0][0]
        total = one if total is None else total.add_(one)
    assert total is not None
    return total


def _sample(picture: Tensor, grid: Tensor) -> Tensor:
    """``(c,n)`` bilinear reads of ``picture`` ``(c,h,w)``."""
    return F.grid_sample(picture[None], grid, padding_mode="border", align_corners=False)[0, :, 0]
