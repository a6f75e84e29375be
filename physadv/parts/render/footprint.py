"""Which pixels a patch covers: only those exist for the rest of the renderer.

A textbook renderer warps every patch over the whole canvas; its cost is objects × canvas, whatever is covered. Here a
quad is cut into scan lines, and what is constant along a line is computed once a line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.parts.render.facets import Facets

PART = 2**15


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of pixels that the facets cover, ``m`` of them, in the order of the images' memory.

    Lines of the same row of an image are in the order of the facets. Most of what is done to pixels waits for memory.
    """

    facet: Tensor  # (m,) int64
    wearer: Tensor  # (m,) int64: whose facet it is
    y: Tensor  # (m,) int64
    first: Tensor  # (m,) int64: x of the first pixel
    run: Tensor  # (m,) int64: how many pixels


@dataclass(frozen=True, slots=True)
class Footprint:
    """One entry for every covered pixel of every wearer, in the order of the lines; a pixel worn twice has two."""

    lines: Lines
    line: Tensor  # (n,) int32 into the lines
    step: Tensor  # (n,) float: pixels right of the line's first one
    place: Tensor  # (n,) int64: the pixel's red value, in images (B,3,H,W) laid out flat
    rim: Tensor  # (r,) int64: the entries that something below can show through
    hidden: Tensor  # (k,) int64: the entries that have another on top
    top: Tensor  # (k,) int64: which entry is the topmost there

    def parts(self) -> list[slice]:
        """All entries, in parts whose temporaries stay in a CPU's cache; in one where launches cost more."""
        count = self.line.shape[0]
        size = PART if self.line.device.type == "cpu" else max(count, 1)
        return [slice(start, start + size) for start in range(0, count, size)]


@torch.no_grad()
def scan(facets: Facets, reach_px: Tensor, sizes_px: Tensor, image_of: Tensor) -> Lines:
    """The pixels whose centre lies within about ``reach_px`` ``(F,4)`` of the facets' edges.

    ``sizes_px`` ``(N,2)`` is the real height and width of each wearer's image ``image_of`` ``(N,)``. A facet with NaN
    corners covers nothing.
    """
    furthest = reach_px.amax(1, keepdim=True)
    low, high = facets.corners_px.amin(1) - furthest, facets.corners_px.amax(1) + furthest
    tall, wide = sizes_px.index_select(0, facets.owner).unbind(1)
    top = low[:, 1].ceil().clamp_min(0).minimum(tall).nan_to_num(0).long()
    rows = (high[:, 1].floor() + 1).clamp_min(0).minimum(tall).nan_to_num(0).long().sub_(top).clamp_min_(0)
    facet = torch.repeat_interleave(rows)
    y = torch.arange(facet.shape[0], device=rows.device) - (rows.cumsum(0) - rows - top).index_select(0, facet)
    image = image_of.index_select(0, facets.owner)
    order = (image.index_select(0, facet) * 2**31 + y).argsort(stable=True)
    facet, y = facet.index_select(0, order), y.index_select(0, order)

    a, b, c = (edge.index_select(1, facet) for edge in _edges(facets.corners_px, reach_px))
    left, right = between(a, torch.addcmul(c, b, y.to(b)))
    limit = wide.index_select(0, facet)
    first = left.ceil().clamp_min(0).minimum(limit).long()
    run = (right.floor() + 1).clamp_min(0).minimum(limit).long().sub_(first).clamp_min_(0)
    return Lines(facet, facets.owner.index_select(0, facet), y, first, run)


def _edges(corners_px: Tensor, reach_px: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``(8,F)`` each: edges a·x + b·y + c ≥ 0 inside, whatever the quad's orientation, moved out by ``reach_px``.

    The other four cut the corners, which would reach far out where they are sharp.
    """
    along = corners_px.roll(-1, 1) - corners_px
    turn = (along[:, 0, 0] * along[:, 1, 1] - along[:, 0, 1] * along[:, 1, 0]).sign()
    normal = torch.stack((-along[..., 1], along[..., 0]), -1) * turn[:, None, None]
    normal = normal / torch.linalg.vector_norm(normal, dim=-1, keepdim=True).clamp_min(1e-12)
    corner = normal + normal.roll(1, 1)
    corner = corner / torch.linalg.vector_norm(corner, dim=-1, keepdim=True).clamp_min(1e-12)
    normals, points = torch.cat((normal, corner), 1), torch.cat((corners_px, corners_px), 1)
    grown = torch.cat((reach_px, torch.maximum(reach_px, reach_px.roll(1, 1))), 1)
    a, b = normals.permute(2, 1, 0).contiguous()
    return a, b, (grown - (normals * points).sum(-1)).T


def between(growth: Tensor, begin: Tensor) -> tuple[Tensor, Tensor]:
    """``(m,)`` from where and up to where all of ``begin + growth · t`` ``(k,m)`` are at least 0."""
    crossing = begin.neg().div_(growth.masked_fill(growth == 0, 1e-12))
    first = crossing.masked_fill(growth <= 0, -torch.inf).amax(0)
    return first, crossing.masked_fill_(growth >= 0, torch.inf).amin(0)


@torch.no_grad()
def stack(
    lines: Lines, solid: Tensor, image_of: Tensor, shape: torch.Size, dtype: torch.dtype, *, layered: bool
) -> Footprint:  # fmt: skip
    """List the pixels of all lines: a later wearer is on top.

    Where whole wearers are ``layered``, ends of lines that lie under a solid part are left out. ``solid`` ``(2,m)``
    int32 is each line's first and last step that nothing shows through; ``image_of`` ``(N,)`` belongs to the
    wearers, ``shape`` is that of the images ``(B,3,H,W)``.
    """
    batch, channels, height, width = shape
    image = image_of.index_select(0, lines.wearer)
    row = image * height + lines.y
    skip, run = _bare(lines, row, solid) if layered else (torch.zeros_like(lines.run).int(), lines.run.int())
    line = torch.repeat_interleave(run)
    begin = run.cumsum(0) - run - skip
    number = torch.arange(line.shape[0], dtype=torch.int32, device=line.device)
    step = number - begin.int().index_select(0, line)
    inside = lines.y * width + lines.first - begin
    pixel = (inside + image * (height * width)).index_select(0, line).add_(number)
    place = (image * ((channels - 1) * height * width)).index_select(0, line).add_(pixel)

    first, last = (end.index_select(0, line) for end in solid)
    # zeros only where they are needed: most of an image is never covered
    topmost = torch.empty(batch * height * width, dtype=torch.int32, device=line.device).index_fill_(0, pixel, 0)
    topmost = topmost.scatter_reduce_(0, pixel, number, "amax").index_select(0, pixel)
    rim = (step < first).logical_or_(step > last).nonzero().squeeze(1)
    hidden = (topmost != number).nonzero().squeeze(1)
    return Footprint(lines, line, step.to(dtype), place, rim, hidden, topmost.index_select(0, hidden).long())


def see_through(footprint: Footprint, hide: Tensor) -> Footprint:
    """The same footprint, where what ``hide`` ``(n,)`` hides lets the background show."""
    rim = torch.zeros_like(hide, dtype=torch.bool).index_fill_(0, footprint.rim, True)
    return replace(footprint, rim=rim.logical_or_(hide < 1).nonzero().squeeze(1))


def _bare(lines: Lines, row: Tensor, solid: Tensor) -> tuple[Tensor, Tensor]:
    """``(m,)`` int32 each: steps to leave out at the start of each line, and how many pixels then remain.

    ``row`` ``(m,)`` ascends. What one solid part of a later line of the same row covers at either end is left out;
    what is covered in other ways remains, with nothing showing of it.
    """
    entry = torch.arange(row.shape[0], device=row.device)
    deepest = int((entry - torch.searchsorted(row, row)).max()) if row.shape[0] else 0
    above = (entry + torch.arange(1, deepest + 1, device=row.device)[:, None]).flatten()
    # past the last line there is a line of no row
    there = F.pad(row, (0, deepest), value=-1)[above].view(deepest, row.shape[0]) == row
    first = lines.first.int()
    end = first + lines.run.int()
    left, right = (
        F.pad(edge, (0, deepest))[above].view(deepest, row.shape[0])
        for edge in (first + solid[0], first + solid[1] + 1)
    )
    there &= left < right
    start = right.masked_fill((left > first) | ~there, -1)
    stop = left.masked_fill((right < end) | ~there, 2**31 - 1)
    skip = torch.cat((first[None], start)).amax(0) - first
    return skip, (torch.cat((end[None], stop)).amin(0) - first - skip).clamp_min_(0)


@torch.no_grad()
def transmittance(alpha: Tensor, footprint: Footprint) -> Tensor:
    """How much of each hidden entry shows through everything above it, ``(k,)``.

    ``alpha`` ``(n,)``. The products run over all pixels at once, as sums of logarithms: no loop over layers.
    """
    order = torch.argsort(footprint.top, stable=True)  # within a pixel the lower wearer first
    top = footprint.top.index_select(0, order)
    bare = 1 - alpha.index_select(0, footprint.hidden.index_select(0, order))
    # float64: the running sum spans all pixels, a difference of it only one
    running = bare.double().clamp_min_(1e-12).log_().cumsum_(0)
    last = torch.searchsorted(top, top, right=True) - 1  # of the same pixel
    total = running.index_select(0, last)
    above = (total - running).exp_().to(alpha.dtype).mul_(1 - alpha.index_select(0, top))
    return torch.empty_like(above).index_copy_(0, order, above)
