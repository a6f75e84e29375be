"""Parts of the print that are missing in a draw: a grey rectangle over it, blocks that are not there."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from physadv.render.composite import Relief
from physadv.render.footprint import Footprint
from physadv.render.lookup import Lookup

CUTOUT, ERASE = "cutout", "erase"
"""Stages of a draw: ``rectangle`` ``(N,4)`` left, top, right, bottom on the print from 0 to 1; ``gone`` ``(N,n,n)``."""

GREY = 0.21404  # reflectance of sRGB 0.5


def draw_cutout(count: int, probability: float, side: float, generator: torch.Generator) -> dict[str, Tensor]:
    """A rectangle wholly on the print for this share of the objects, an empty one for the others."""
    unit = torch.rand(count, 3, generator=generator, device=generator.device)
    corner = unit[:, :2] * (1 - side)
    extent = torch.where(unit[:, 2:] < probability, side, -1.0)
    return {"rectangle": torch.cat((corner, corner + extent), 1)}


def draw_erase(count: int, share: float, blocks: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Each of the blocks is gone with this probability."""
    return {"gone": torch.rand(count, blocks, blocks, generator=generator, device=generator.device) < share}


@torch.no_grad()
def over(
    relief: Relief | None, stages: Mapping[str, Mapping[str, Tensor]], where: Lookup, footprint: Footprint,
    wearers: Tensor, size: tuple[int, int],
) -> Relief:  # fmt: skip
    """``relief`` with what is missing. Grey paper is lit as the print is; through what is gone the scene shows."""
    full = torch.ones_like(footprint.step)
    shade, gloss, hide = (full, torch.zeros_like(full), full.clone()) if relief is None else (
        relief.shade.clone(), relief.gloss.clone(), relief.hide.clone()
    )  # fmt: skip
    rectangles = stages[CUTOUT]["rectangle"].to(full).index_select(0, wearers) if CUTOUT in stages else None
    gone = stages[ERASE]["gone"].to(wearers.device).index_select(0, wearers) if ERASE in stages else None
    for part in footprint.parts():
        line = footprint.line[part]
        owner = footprint.lines.wearer.index_select(0, line)
        across, down = where.sheet(line, footprint.step[part], size).clamp_(0, 1)
        if rectangles is not None:
            left, top, right, bottom = rectangles.index_select(0, owner).unbind(1)
            grey = (across >= left) & (across <= right) & (down >= top) & (down <= bottom)
            gloss[part].addcmul_(shade[part], grey.to(full), value=GREY)
            shade[part].masked_fill_(grey, 0)
        if gone is not None:
            count = gone.shape[-1]
            row, column = ((value * count).long().clamp_max_(count - 1) for value in (down, across))
            hide[part].masked_fill_(gone[owner, row, column], 0)
    return Relief(shade, gloss, hide)
