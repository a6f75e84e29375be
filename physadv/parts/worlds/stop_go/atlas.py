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


class Level(NamedTuple):
    """Levels of the row by which faces are read, each ``(n,)``."""

    first: Tensor  # where it begins
    width: Tensor  # in texels, with its border
    height: Tensor  # in texels, with its border
    per_mm: Tensor  # texels
    left_mm: Tensor  # from the middle of the face to its left edge
    top_mm: Tensor


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


def levels_for(row: TexelRow, face: Tensor, mm_per_read: Tensor) -> Level:
    """The levels of these faces ``(n,)`` whose texels are as large as a read sees, as floats."""
    texel_mm, first = row.texel_mm[face], row.first[face]
    deepest = (first[:, 1:] != first[:, :-1]).sum(1)
    wanted = (torch.log2((mm_per_read / texel_mm).double()) + 0.5).floor().long()
    level = torch.minimum(wanted.clamp_min(0), deepest)
    per_mm = 1 / (texel_mm * torch.bitwise_left_shift(torch.ones_like(level), level))
    size = row.width[face, level].float(), row.height[face, level].float()
    left, top = row.half_mm[face].unbind(1)
    return Level(row.first[face, level].float(), *size, per_mm, -left, -top)


def read(texels: Tensor, level: Level, x_mm: Tensor, y_mm: Tensor) -> Tensor:
    """``(n, 4)`` of the texels ``(T, 4)``: the mean over taps ``(k, n)`` from the middle of the face, each between the
    four texels round it; clear outside of the face.
    """
    # a texel's middle is at whole numbers, the border's at 0
    x = ((x_mm - level.left_mm) * level.per_mm).add_(0.5)
    y = ((y_mm - level.top_mm) * level.per_mm).add_(0.5)
    x = torch.minimum(x.clamp_min_(0), level.width - 1.001)
    y = torch.minimum(y.clamp_min_(0), level.height - 1.001)
    column, row = x.floor(), y.floor()
    right, down = x.sub_(column), y.sub_(row)
    wide = level.width.int()
    at = level.first.int() + row.int() * wide + column.int()
    total = torch.zeros(x_mm.shape[1], 4, device=x_mm.device)
    for tap in range(len(x_mm)):  # in a fixed order: a batch sums as a single one does
        for step, share in (
            (0, (1 - right[tap]) * (1 - down[tap])), (1, right[tap] * (1 - down[tap])),
            (wide, (1 - right[tap]) * down[tap]), (wide + 1, right[tap] * down[tap]),
        ):  # fmt: skip
            total = total + texels.index_select(0, at[tap] + step) * share[:, None]
    return total * (1 / len(x_mm))


def finest_for(focal_px: float, nearest_m: float) -> int:
    """The first level of the drawn faces that a picture of this focal length can tell apart."""
    return max(0, min(3, int(math.log2(max(nearest_m * 1000 / focal_px / 2 / MM_PER_TEXEL, 1)))))
