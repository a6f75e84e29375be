"""Which pixels a patch covers: only those exist for the rest of the renderer.

A textbook renderer warps every patch over the whole canvas; its cost is objects × canvas, whatever is covered. Here a
quad is cut into scan lines, and what is constant along a line is computed once a line.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of pixels that the wearers cover, wearer by wearer; ``m`` of them."""

    wearer: Tensor  # (m,) int64
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
    hidden: Tensor  # (k,) int64: the entries that have another on top
    top: Tensor  # (k,) int64: which entry is the topmost there


@torch.no_grad()
def scan(corners_px: Tensor, grow_px: Tensor, sizes_px: Tensor) -> Lines:
    """The pixels whose centre lies within about ``grow_px`` ``(N,)`` of convex quads ``(N,4,2)``.

    ``sizes_px`` ``(N,2)`` is the real height and width of each quad's image. A NaN quad covers nothing.
    """
    low, high = corners_px.amin(1) - grow_px[:, None], corners_px.amax(1) + grow_px[:, None]
    tall, wide = sizes_px[:, 0], sizes_px[:, 1]
    top = low[:, 1].ceil().clamp_min(0).minimum(tall).nan_to_num(0).long()
    rows = (high[:, 1].floor() + 1).clamp_min(0).minimum(tall).nan_to_num(0).long().sub_(top).clamp_min_(0)
    wearer = torch.repeat_interleave(rows)
    y = torch.arange(wearer.shape[0], device=rows.device) - (rows.cumsum(0) - rows - top).index_select(0, wearer)

    a, b, c = (edge.index_select(1, wearer) for edge in _edges(corners_px, grow_px))
    left, right = between(a, torch.addcmul(c, b, y.to(b)))
    limit = wide.index_select(0, wearer)
    first = left.ceil().clamp_min(0).minimum(limit).long()
    run = (right.floor() + 1).clamp_min(0).minimum(limit).long().sub_(first).clamp_min_(0)
    return Lines(wearer, y, first, run)


def _edges(corners_px: Tensor, grow_px: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``(8,N)`` each: edges a·x + b·y + c ≥ 0 inside, whatever the quad's orientation, moved out by ``grow_px``.

    The other four cut the corners, which would reach far out where they are sharp.
    """
    along = corners_px.roll(-1, 1) - corners_px
    turn = (along[:, 0, 0] * along[:, 1, 1] - along[:, 0, 1] * along[:, 1, 0]).sign()
    normal = torch.stack((-along[..., 1], along[..., 0]), -1) * turn[:, None, None]
    normal = normal / torch.linalg.vector_norm(normal, dim=-1, keepdim=True).clamp_min(1e-12)
    corner = normal + normal.roll(1, 1)
    corner = corner / torch.linalg.vector_norm(corner, dim=-1, keepdim=True).clamp_min(1e-12)
    normals, points = torch.cat((normal, corner), 1), torch.cat((corners_px, corners_px), 1)
    a, b = normals.permute(2, 1, 0).contiguous()
    return a, b, grow_px - (normals * points).sum(-1).T


def between(growth: Tensor, begin: Tensor) -> tuple[Tensor, Tensor]:
    """``(m,)`` from where and up to where all of ``begin + growth · t`` ``(k,m)`` are at least 0."""
    crossing = begin.neg().div_(growth.masked_fill(growth == 0, 1e-12))
    first = crossing.masked_fill(growth <= 0, -torch.inf).amax(0)
    return first, crossing.masked_fill_(growth >= 0, torch.inf).amin(0)


@torch.no_grad()
def stack(lines: Lines, solid: Tensor, image_of: Tensor, shape: torch.Size, dtype: torch.dtype) -> Footprint:
    """List the pixels of all lines, without those that a solid pixel hides: a later wearer is on top.

    ``solid`` ``(2,m)`` int32 is each line's first and last step that nothing shows through; ``image_of`` ``(N,)``
    belongs to the wearers, ``shape`` is that of the images ``(B,3,H,W)``.
    """
    batch, channels, height, width = shape
    line = torch.repeat_interleave(lines.run.int())
    begin = lines.run.cumsum(0) - lines.run
    entry = torch.arange(line.shape[0], device=line.device)
    number = entry.int() + 1
    step = number - (begin + 1).int().index_select(0, line)
    image = image_of.index_select(0, lines.wearer)
    inside = lines.y * width + lines.first - begin
    pixel = (inside + image * (height * width)).index_select(0, line).add_(entry)

    first, last = (end.index_select(0, line) for end in solid)
    hides = (step >= first).logical_and_(step <= last)
    highest = torch.zeros(batch * height * width, dtype=torch.int32, device=line.device)
    shown = _highest(pixel, number.masked_fill(~hides, 0), highest) <= number
    kept = shown.nonzero().squeeze(1)
    line, step, pixel = (t.index_select(0, kept) for t in (line, step, pixel))
    place = (image * ((channels - 1) * height * width)).index_select(0, line).add_(pixel)
    number = number[: kept.shape[0]]
    topmost = _highest(pixel, number, highest.zero_())
    hidden = (topmost != number).nonzero().squeeze(1)
    return Footprint(lines, line, step.to(dtype), place, hidden, topmost.index_select(0, hidden).long() - 1)


def _highest(pixel: Tensor, number: Tensor, highest: Tensor) -> Tensor:
    """For each entry the highest ``number`` ``(n,)`` int32 in its pixel. Overwrites ``highest`` ``(B·H·W,)``, zeros."""
    return highest.scatter_reduce_(0, pixel, number, "amax").index_select(0, pixel)


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
    is_last = torch.ones_like(top, dtype=torch.bool)
    torch.ne(top[1:], top[:-1], out=is_last[:-1])
    group = is_last.cumsum(0) - is_last.long()
    total = running[is_last].index_select(0, group)
    above = (total - running).exp_().to(alpha.dtype).mul_(1 - alpha.index_select(0, top))
    return torch.empty_like(above).index_copy_(0, order, above)
