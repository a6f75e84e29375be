"""Textures as one long row of texels: every face, at every level of its pyramid, each inside a clear border."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.library.colour.conversion import linear_from_srgb
from physadv.library.roads.sign_canvas import MM_PER_TEXEL, SignFace

LEVELS = 6


@dataclass(frozen=True, slots=True)
class TexelRow:
    """Premultiplied linear RGBA; a level is found by face and number."""

    texels: Tensor  # (T, 4)
    first: Tensor  # (faces, LEVELS) int64: where the level begins
    width: Tensor  # (faces, LEVELS) int64, with its border
    height: Tensor  # (faces, LEVELS) int64, with its border
    texel_mm: Tensor  # (faces,) of the finest level
    half_mm: Tensor  # (faces, 2) half of the finest level's width and height

    def to(self, device: torch.device | str) -> TexelRow:
        """The same on another device."""
        tensors = (self.texels, self.first, self.width, self.height, self.texel_mm, self.half_mm)
        return TexelRow(*(tensor.to(device) for tensor in tensors))


class Reads(NamedTuple):
    """Where a level is read: one row a read."""

    face: Tensor  # (n,) int64
    level: Tensor  # (n,) int64
    x_mm: Tensor  # (n, k) from the middle of the face, k taps
    y_mm: Tensor  # (n, k)


def atlas_of(faces: tuple[SignFace, ...], scales: tuple[float, ...], finest: int) -> TexelRow:
    """The faces from this level of their pyramids on; a drawn millimetre is ``scales`` at the road."""
    pyramids = [[torch.from_numpy(level) for level in face.pyramid[finest:]] for face in faces]
    return _joined(pyramids, [MM_PER_TEXEL * 2**finest * scale for scale in scales])


def atlas_of_prints(prints: tuple[PatchImage, ...]) -> TexelRow:
    """The prints; gradient flows to their ``srgb``."""
    return _joined([_pyramid(p) for p in prints], [p.width_mm / p.srgb.shape[2] for p in prints])


def _pyramid(image: PatchImage) -> list[Tensor]:
    light = linear_from_srgb(image.srgb) * image.alpha
    level = torch.cat([light, image.alpha.expand(1, *light.shape[1:])])[None]
    levels = [level]
    while len(levels) < LEVELS and max(level.shape[2:]) > 1:
        level = F.avg_pool2d(F.pad(level, (0, level.shape[3] % 2, 0, level.shape[2] % 2)), 2)
        levels.append(level)
    return [one[0].permute(1, 2, 0) for one in levels]


def _joined(pyramids: list[list[Tensor]], texel_mm: list[float]) -> TexelRow:
    texels, table, begin = [], [], 0
    for pyramid in pyramids:
        rows = []
        for level in pyramid:
            framed = F.pad(level, (0, 0, 1, 1, 1, 1))
            rows.append((begin, framed.shape[1], framed.shape[0]))
            texels.append(framed.reshape(-1, 4))
            begin += framed.shape[0] * framed.shape[1]
        table.append(rows + [rows[-1]] * (LEVELS - len(rows)))
    device = texels[0].device
    first, width, height = torch.tensor(table, device=device).movedim(2, 0).contiguous()
    halves = [(p[0].shape[1] * mm / 2, p[0].shape[0] * mm / 2) for p, mm in zip(pyramids, texel_mm, strict=True)]
    return TexelRow(
        torch.cat(texels), first, width, height,
        torch.tensor(texel_mm, device=device), torch.tensor(halves, device=device),
    )  # fmt: skip


def level_for(atlas: TexelRow, face: Tensor, mm_per_read: Tensor) -> Tensor:
    """The level whose texels are as large as a read sees, ``(n,)`` int64."""
    ratio = (mm_per_read / atlas.texel_mm[face]).double().contiguous()
    deepest = ((atlas.first[face][..., 1:] != atlas.first[face][..., :-1]).sum(-1)).double()
    return torch.minimum((torch.log2(ratio) + 0.5).floor().clamp_min(0), deepest).long()


def read(atlas: TexelRow, reads: Reads) -> Tensor:
    """``(n, 4)``: the mean over the taps, each between the four texels round it; clear outside of the face."""
    first, width = atlas.first[reads.face, reads.level], atlas.width[reads.face, reads.level]
    height, half = atlas.height[reads.face, reads.level], atlas.half_mm[reads.face]
    per_mm = 1 / (atlas.texel_mm[reads.face] * torch.bitwise_left_shift(torch.ones_like(reads.level), reads.level))
    # a texel's middle is at whole numbers, the border's at 0
    x = (reads.x_mm + half[:, :1]) * per_mm[:, None] + 0.5
    y = (reads.y_mm + half[:, 1:]) * per_mm[:, None] + 0.5
    x = torch.minimum(x.clamp_min(0), (width - 1)[:, None].to(x.dtype) - 1e-3)
    y = torch.minimum(y.clamp_min(0), (height - 1)[:, None].to(y.dtype) - 1e-3)
    column, row = x.floor(), y.floor()
    right, down = (x - column)[..., None], (y - row)[..., None]
    at = first[:, None] + row.long() * width[:, None] + column.long()
    below = at + width[:, None]
    corners = [atlas.texels.index_select(0, index.reshape(-1)).view(*at.shape, 4) for index in
               (at, at + 1, below, below + 1)]  # fmt: skip
    top = corners[0] * (1 - right) + corners[1] * right
    bottom = corners[2] * (1 - right) + corners[3] * right
    seen = top * (1 - down) + bottom * down
    taps = seen.shape[1]
    total = seen[:, 0]
    for tap in range(1, taps):  # in a fixed order: a batch sums as a single one does
        total = total + seen[:, tap]
    return total * (1 / taps)


def finest_for(focal_px: float, nearest_m: float) -> int:
    """The first level of the drawn faces that a picture of this focal length can tell apart."""
    return max(0, min(3, int(math.log2(max(nearest_m * 1000 / focal_px / 2 / MM_PER_TEXEL, 1)))))
