"""The one resample from texture to image: where each covered pixel reads the atlas, and its backward.

A pixel reads at the level that the analytic homography says; several reads average over a pixel, or along a motion.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.parts.render.atlas import Atlas
from physadv.parts.render.facets import Facets
from physadv.parts.render.footprint import Footprint, Lines, between

TRAVEL = 4
"""Reads along the path that a pixel moves while the shutter is open."""


class Quality(NamedTuple):
    """How a pixel is filtered: by ``taps``² trilinear reads, each at the level of its share of the pixel."""

    taps: int  # along x, and along y
    bias: float  # levels that each read is sharpened by
    gutter: int  # texels that reads beyond the rim may reach, at their level

    @property
    def spread(self) -> float:
        """Variance of what a pixel integrates, px²: a read with texels of side s leaves s²/4, the taps the rest."""
        return 4**self.bias / 4 / self.taps**2 + (1 - self.taps**-2) / 12


FAST = Quality(taps=1, bias=-0.5, gutter=8)
HIGH = Quality(taps=4, bias=-0.5, gutter=28)  # 2 × 2 taps are not enough for an error of 0.015 on noise


@dataclass(frozen=True, slots=True)
class ScanRows:
    """Each scan line's path through the texture: linear in the step along it, in homogeneous coordinates; float64."""

    texel: Tensor  # (3,m) where the line starts
    step: Tensor  # (3,m) what one step adds
    down: Tensor  # (3,m) what the next line adds
    travel: Tensor | None  # (3,m) what all of the motion adds while the shutter is open; None: nothing moves
    apart: Tensor  # (m,) px from one tap to the next
    lod: Tensor  # (2,m) log2 of a texel of the level to read, in texels of level 0: at the start, and growth per step
    run: Tensor  # (m,) how many pixels


@dataclass(frozen=True, slots=True)
class Blur:
    """How the picture of each wearer is blurred, px: by a Gaussian, and along a straight path."""

    sigma: Tensor  # (N,)
    motion: Tensor | None  # (N,2), None where nothing moves

    @property
    def length(self) -> Tensor:
        """``(N,)``: of the path."""
        return torch.zeros_like(self.sigma) if self.motion is None else torch.linalg.vector_norm(self.motion, dim=1)

    @property
    def reach(self) -> Tensor:
        """``(N,)``: how far beyond its sharp edge the print is seen."""
        return 1 + 2 * self.sigma + self.length / 2

    def widening(self, quality: Quality) -> Tensor:
        """``(N,)`` float64: how many times wider than a sharp pixel's each read is.

        Reads along the path are a step apart and have to cover it, a step of length s with variance s²/12.
        """
        variance = self.sigma.double() ** 2
        if self.motion is not None:
            variance = variance + (self.length.double() / TRAVEL) ** 2 / 12
        return (1 + variance / quality.spread).sqrt()


@torch.no_grad()
def follow(facets: Facets, blur: Blur, lines: Lines, quality: Quality) -> ScanRows:
    """Find texels and level of detail along each line. The level comes from the analytic Jacobian at both ends."""
    columns = facets.texel_from_image.permute(2, 1, 0).reshape(9, -1).contiguous().index_select(1, lines.facet)
    step, down, origin = columns.view(3, 3, -1)
    start = torch.addcmul(torch.addcmul(origin, step, lines.first.to(step)), down, lines.y.to(step))
    run = lines.run.to(step)
    steps = (run - 1).clamp_min_(1)
    levels = [_detail(texel, step, down) for texel in (start, torch.addcmul(start, step, steps))]
    wide = blur.widening(quality)
    sharpened = (wide.log2() + quality.bias - math.log2(quality.taps)).index_select(0, lines.wearer)
    lod = torch.stack((levels[0] + sharpened, (levels[1] - levels[0]).div_(steps)))
    travel = None
    if blur.motion is not None:
        right, below = blur.motion.to(step).T.contiguous().index_select(1, lines.wearer)
        travel = torch.addcmul(step * right, down, below)
    return ScanRows(start, step, down, travel, (wide / quality.taps).index_select(0, lines.wearer), lod, run)


def _detail(texel: Tensor, step: Tensor, down: Tensor) -> Tensor:
    """``(m,)``: log2 of the texels per pixel at homogeneous ``texel`` ``(3,m)``, by the Jacobian's longer column."""
    depth = texel[2].clamp_min(1e-6)
    position = texel[:2] / depth
    longest = [(along[:2] - position * along[2]).square_().sum(0) for along in (step, down)]
    return torch.maximum(*longest).clamp_min_(1e-12).log2_().div_(2) - depth.log2()


@torch.no_grad()
def solid(rows: ScanRows, patch: PatchImage, blur: Blur, lines: Lines, quality: Quality) -> Tensor:
    """``(2,m)`` int32: the first and the last step of each line that nothing below can show through.

    There all reads stay within the print: nowhere if the print itself has holes.
    """
    height, width = patch.srgb.shape[1:]
    # a read touches one and a half texels, and those of 3/4 overlap by half of one; they may be a quarter octave larger
    reach = 2.4 + (0.75 * quality.taps * 2**-quality.bias if quality.taps > 1 else 0)
    ends = rows.lod[0], torch.addcmul(rows.lod[0], rows.lod[1], rows.run - 1)
    margin = torch.exp2(torch.maximum(*ends).clamp_min_(0))
    if blur.motion is None:
        margin.mul_(reach)
    else:
        margin.mul_((blur.length.to(margin) * (quality.taps * 2**-quality.bias / 2) + reach)[lines.wearer])

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
    """Where the entries read the atlas, given per scan line."""

    atlas: Atlas
    table: Tensor  # (8,m), and 3 more rows for each path that reads are spread along; see locate
    offsets: tuple[tuple[float, ...], ...]  # of every read along these paths

    def grids(self, line: Tensor, step: Tensor) -> Iterator[Tensor]:
        """For each read ``(1,1,n,2)`` grid_sample coordinates of entries at ``step`` ``(n,)`` of ``line`` ``(n,)``."""
        tall, wide = self.atlas.alpha.shape[1:]
        ux, vx, wx, u, v, w, lod, lodx, *paths = (row.index_select(0, line) for row in self.table)
        u.addcmul_(ux, step), v.addcmul_(vx, step), w.addcmul_(wx, step)
        level = lod.addcmul_(lodx, step).clamp_(0, self.atlas.shrink.shape[0] - 0.5).int()
        shrink = self.atlas.shrink.index_select(0, level)
        left = (self.atlas.left * (2 / wide) - 1).index_select(0, level)
        for offset in self.offsets:
            x, y, depth = _moved((u, v, w), paths, offset)
            scale = shrink / depth.clamp_min(1e-6)
            grid = scale.new_empty(2, scale.shape[0])
            torch.addcmul(left, scale, x, out=grid[0])
            torch.mul(scale, y, out=grid[1]).add_(2 * self.atlas.gutter / tall - 1)
            yield grid.T[None, None]

    def sheet(self, line: Tensor, step: Tensor, size: tuple[int, int]) -> Tensor:
        """``(2,n)``: where entries lie on the print of ``size`` texels (height, width); 0 to 1 from edge to edge."""
        tall, wide = self.atlas.alpha.shape[1:]
        ux, vx, wx, u, v, w = (row.index_select(0, line) for row in self.table[:6])
        depth = w.addcmul_(wx, step).clamp_min_(1e-6)
        across, down = u.addcmul_(ux, step).div_(depth), v.addcmul_(vx, step).div_(depth)
        return torch.stack((across.mul_(wide / 2 / size[1]), down.mul_(tall / 2 / size[0])))


def _moved(point: tuple[Tensor, ...], paths: list[Tensor], offset: tuple[float, ...]) -> tuple[Tensor, ...]:
    """The homogeneous ``point`` moved by ``offset`` along the ``paths``, three rows each."""
    for number, far in enumerate(offset):
        along = paths[3 * number : 3 * number + 3]
        point = tuple(torch.add(p, w, alpha=far) for p, w in zip(point, along, strict=True))
    return point


@torch.no_grad()
def locate(atlas: Atlas, rows: ScanRows, quality: Quality) -> Lookup:
    """Prepare to read the atlas along ``rows``."""
    tall, wide = atlas.alpha.shape[1:]
    to_grid = torch.ones_like(rows.texel[:, :1])  # grid_sample coordinates, were level 0 all there is
    to_grid[0], to_grid[1] = 2 / wide, 2 / tall
    half_octaves = 2 * rows.lod
    half_octaves[0] += 0.5  # cut off later: the nearest
    parts = [to_grid * rows.step, to_grid * rows.texel, half_octaves]
    spread: list[list[float]] = []
    if quality.taps > 1:
        parts += [to_grid * (rows.apart * rows.step), to_grid * (rows.apart * rows.down)]
        spread += [[index - (quality.taps - 1) / 2 for index in range(quality.taps)]] * 2
    if rows.travel is not None:
        parts.append(to_grid * rows.travel)
        spread.append([(index + 0.5) / TRAVEL - 0.5 for index in range(TRAVEL)])
    return Lookup(atlas, torch.cat(parts).to(atlas.light.dtype), tuple(itertools.product(*spread)))


@torch.no_grad()
def opacity(lookup: Lookup, footprint: Footprint) -> Tensor:
    """``(n,)``: the alpha of every entry. Only those on the rim have to be read."""
    line, step = (t.index_select(0, footprint.rim) for t in (footprint.line, footprint.step))
    total = torch.zeros_like(step)
    for grid in lookup.grids(line, step):
        total += _sample(lookup.atlas.alpha, grid)[0]
    return torch.ones_like(footprint.step).index_copy_(0, footprint.rim, total.div_(len(lookup.offsets)))


def read(light: Tensor, lookup: Lookup, line: Tensor, step: Tensor, grids: Tensor | None) -> Tensor:
    """``(3,n)`` premultiplied linear light of entries. A single tap's grid is kept in ``grids`` ``(2,n)``."""
    total = None
    for grid in lookup.grids(line, step):
        value = _sample(light, grid)
        total = value if total is None else total.add_(value)
        if grids is not None:
            grids.copy_(grid[0, 0].T)
    assert total is not None
    return total if len(lookup.offsets) == 1 else total.div_(len(lookup.offsets))


def unread(gradient: Tensor, lookup: Lookup, footprint: Footprint, grids: Tensor | None) -> Tensor:
    """The backward of :func:`read` for all entries: from ``(3,n)`` to the atlas's light.

    Many grids are made anew, which costs less than their memory.
    """
    share = (gradient / len(lookup.offsets))[None, :, None]
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
