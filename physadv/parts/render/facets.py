"""The print as flat pieces: one where a homography says it all, a grid of them where the surface is bent.

Each piece has a homography of its own, so that all of them go through the one sampler with their analytic Jacobian.
Pieces that meet share their edge; only at the print's rim do they reach further, for the soft edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NEAREST = 0.05
"""A corner nearer to the camera plane than this share of the centre's depth counts as behind the camera."""

SEAM_PX = 1e-6
"""Pieces that meet overlap by this much, so that no pixel falls between them."""


@dataclass(frozen=True, slots=True)
class Facets:
    """``F`` flat pieces; those of one wearer follow each other, far ones first."""

    texel_from_image: Tensor  # (F,3,3) pixels → texels, depth positive where it is seen
    corners_px: Tensor  # (F,4,2) TL, TR, BR, BL; NaN where there is nothing to draw
    rim: Tensor  # (F,4) bool: whether the edge from corner i to i + 1 is one of the print's
    owner: Tensor  # (F,) the wearer

    def reach(self, grow_px: Tensor) -> Tensor:
        """``(F,4)``: how far beyond each edge pixels are covered, ``grow_px`` ``(N,)`` at the rim."""
        return torch.where(self.rim, grow_px.index_select(0, self.owner)[:, None], SEAM_PX)


def whole(image_from_texel: Tensor, height: int, width: int) -> Facets:
    """One piece a wearer, by homographies ``(N,3,3)``.

    Nothing is drawn where a corner is behind the camera or the patch is narrower than a pixel.
    """
    rim = image_from_texel.new_tensor([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]])
    depth = image_from_texel[:, 2] @ rim.mean(0)
    scaled = image_from_texel / torch.where(depth == 0, 1.0, depth)[:, None, None]
    points = rim @ scaled.mT
    corners = points[..., :2] / points[..., 2:]
    first, second = (corners[:, b] - corners[:, a] for a, b in ((0, 2), (1, 3)))
    area = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).abs() / 2
    longest = torch.linalg.vector_norm(corners - corners.roll(-1, 1), dim=-1).amax(-1)
    seen = scaled.isfinite().all(-1).all(-1) & (points[..., 2].amin(-1) > NEAREST) & (area > longest)
    unit = torch.eye(3, dtype=scaled.dtype, device=scaled.device)
    owner = torch.arange(scaled.shape[0], device=scaled.device)
    every = torch.ones(scaled.shape[0], 4, dtype=torch.bool, device=scaled.device)
    facing = torch.linalg.inv(torch.where(seen[:, None, None], scaled, unit))
    return Facets(facing, torch.where(seen[:, None, None], corners, torch.nan), every, owner)


def pieces(texels: Tensor, pixels: Tensor, away: Tensor, solid: Tensor | None) -> Facets:
    """The cells of a grid whose nodes have texels ``(r,c,2)`` and homogeneous pixels ``(N,r,c,3)``.

    ``away`` ``(N,r,c)`` is each node's distance from the camera. Cells that face away or reach behind the camera are
    left out, and those that are not ``solid`` ``(r-1,c-1)``.
    """
    count, rows, columns = pixels.shape[0], texels.shape[0] - 1, texels.shape[1] - 1
    middle = pixels[..., 2].mean((1, 2))[:, None, None]
    depth = _cells(pixels[..., 2] / torch.where(middle == 0, 1.0, middle))
    corners = _cells((pixels[..., :2] / pixels[..., 2:]).movedim(-1, 0)).movedim(0, -1)
    across, down = corners[..., 2, :] - corners[..., 0, :], corners[..., 3, :] - corners[..., 1, :]
    area = (across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]) / 2
    seen = (area > 1e-6) & (depth > NEAREST).all(-1) & corners.isfinite().all(-1).all(-1)
    if solid is not None:
        seen &= solid.to(seen.device)
    far_first = _cells(away).mean(-1).masked_fill(~seen, -torch.inf).flatten(1).argsort(1, descending=True)
    order = (far_first + torch.arange(count, device=pixels.device)[:, None] * (rows * columns)).view(-1)
    order = order[seen.view(-1).index_select(0, order)]
    corners = corners.reshape(-1, 4, 2).index_select(0, order)
    cell = order % (rows * columns)
    source = _cells(texels.movedim(-1, 0)).movedim(0, -1).reshape(-1, 4, 2).index_select(0, cell)
    inverse = quad_map(corners, source)
    rim = _rim(rows, columns, pixels.device).view(-1, 4).index_select(0, cell)
    return Facets(inverse, corners, rim, order // (rows * columns))


def _cells(grid: Tensor) -> Tensor:
    """``(...,r,c)`` values at nodes → ``(...,r-1,c-1,4)`` at the corners of each cell, TL, TR, BR, BL."""
    parts = grid[..., :-1, :-1], grid[..., :-1, 1:], grid[..., 1:, 1:], grid[..., 1:, :-1]
    return torch.stack(parts, -1)


def _rim(rows: int, columns: int, device: torch.device) -> Tensor:
    """``(rows,columns,4)``: the top, right, bottom and left edges of the cells that are the grid's."""
    found = torch.zeros(rows, columns, 4, dtype=torch.bool, device=device)
    found[0, :, 0] = found[:, -1, 1] = found[-1, :, 2] = found[:, 0, 3] = True
    return found


def quad_map(start: Tensor, end: Tensor) -> Tensor:
    """``(F,3,3)`` homographies that take quads ``start`` ``(F,4,2)`` to ``end``; depth is positive inside ``start``.

    Through the unit square in closed form (Heckbert 1989, section 2.2.3).
    """
    to_start, to_end = _square_to(start), _square_to(end)
    found = to_end @ torch.linalg.inv(to_start)
    centre = torch.cat((start.mean(1), torch.ones_like(start[:, 0, :1])), 1)
    depth = (found[:, 2] * centre).sum(-1)
    scaled: Tensor = found / torch.where(depth == 0, 1.0, depth)[:, None, None]
    return scaled


def _square_to(quad: Tensor) -> Tensor:
    """``(F,3,3)`` from the unit square to ``quad`` ``(F,4,2)``."""
    first, second, third, fourth = quad.unbind(1)
    one, two = second - third, fourth - third
    total = first - second + third - fourth
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    area = torch.where(area.abs() < 1e-12, 1e-12, area)
    g = (total[:, 0] * two[:, 1] - total[:, 1] * two[:, 0]) / area
    h = (one[:, 0] * total[:, 1] - one[:, 1] * total[:, 0]) / area
    columns = (second - first + g[:, None] * second, fourth - first + h[:, None] * fourth, first)
    upper = torch.stack(columns, -1)
    lower = torch.stack((g, h, torch.ones_like(g)), -1)[:, None]
    return torch.cat((upper, lower), 1)
