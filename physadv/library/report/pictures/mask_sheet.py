"""What a defence paints over: rows of picture, mask, and what is left for the victim to see."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from physadv.library.files.atomic import write_bytes
from physadv.library.report.pictures.contact_sheet import (
    FAINT,
    GAP_PX,
    INK,
    MARGIN_PX,
    PAPER,
    TILE_PX,
    ObjectRow,
    drawn,
    lettering,
)

HEAD_PX = 32


def mask_sheet(rows: Sequence[ObjectRow], path: Path) -> Path:
    """Write the rows as a PNG; only the last tile of each tells what the victim reports."""
    columns = len(rows[0].tiles)
    wide, tall = TILE_PX[0] // 2 + GAP_PX, TILE_PX[1] // 2 + GAP_PX
    page = Image.new("RGB", (MARGIN_PX + columns * wide, HEAD_PX + len(rows) * tall), PAPER)
    pen = ImageDraw.Draw(page)
    for column, tile in enumerate(rows[0].tiles):
        pen.text((MARGIN_PX + column * wide, HEAD_PX / 2), tile.arm, FAINT, lettering(16), anchor="lm")
    for number, row in enumerate(rows):
        top = HEAD_PX + number * tall
        pen.text((8, top + 8), row.title.replace(" ", "\n", 1), INK, lettering(16))
        for column, tile in enumerate(row.tiles):
            last = column == columns - 1
            picture = drawn(tile, row, in_words=last)
            place = (MARGIN_PX + column * wide, top)
            page.paste(picture.resize((TILE_PX[0] // 2, TILE_PX[1] // 2), Image.Resampling.LANCZOS), place)
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return write_bytes(path, stream.getvalue())
