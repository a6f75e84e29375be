"""Parts of the print that are missing in a draw: a grey rectangle over it, blocks that are not there."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from physadv.core.types import CUTOUT, ERASE
from physadv.parts.render.composite import Relief
from physadv.parts.render.footprint import Footprint
from physadv.parts.render.sampler import Lookup

GREY = 0.21404  # reflectance of sRGB 0.5


@torch.no_grad()
def over(
    relief: Relief | None, stages: Mapping[str, Mapping[str, Tensor]], where: Lookup, footprint: Footprint,
    wearers: Tensor, size: tuple[int, int],
) -> Relief:  # fmt: skip
    """``relief`` with what is missing. Grey paper is lit as the print is; through what is gone the scene shows.

    ``wearers`` ``(w,)`` are rows of the draws.
    """
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
