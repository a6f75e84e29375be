"""Pictures of the render gap: ours, the twin's, and eight times their difference."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.atomic import write_bytes
from physadv.library.report.pictures.contact_sheet import (
    FAINT,
    GAP_PX,
    HEAD_PX,
    INK,
    PAPER,
    TILE_PX,
    Box,
    lettering,
    view_of,
)

TIMES = 8
COLUMNS = ("ours", "twin", f"difference x {TIMES}")


@dataclass(frozen=True, slots=True)
class GapRow:
    """One scene in both renderers."""

    note: str
    ours: Tensor  # (3, H, W) sRGB
    twin: Tensor  # (3, H, W) sRGB
    box_xyxy_px: Box  # of the wearer


def gap_picture(rows: Sequence[GapRow], path: Path) -> Path:
    """Write the rows as a PNG; single pixels stay visible."""
    width, height = TILE_PX
    page = Image.new("RGB", (3 * (width + GAP_PX) - GAP_PX, HEAD_PX + len(rows) * (height + 36)), PAPER)
    pen = ImageDraw.Draw(page)
    for column, title in enumerate(COLUMNS):
        pen.text((column * (width + GAP_PX) + width / 2, HEAD_PX / 2), title, INK, lettering(20), anchor="mm")
    for number, row in enumerate(rows):
        top = HEAD_PX + number * (height + 36)
        off = ((row.twin - row.ours).abs() * TIMES).clamp(0, 1)
        for column, picture in enumerate((row.ours, row.twin, off)):
            page.paste(_enlarged(picture, row.box_xyxy_px), (column * (width + GAP_PX), top))
        pen.text((2, top + height + 4), row.note, FAINT, lettering(16), anchor="lt")
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return write_bytes(path, stream.getvalue())


def _enlarged(picture: Tensor, box: Box) -> Image.Image:
    frame = Image.fromarray(np.ascontiguousarray(rgb_u8_from_srgb(picture)))
    return frame.resize(TILE_PX, Image.Resampling.NEAREST, box=view_of(box, frame.size))
