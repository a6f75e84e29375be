"""Tiles of rendered scenes in rows with headings: what an optimiser sees, for people to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.atomic import write_bytes

INK, FAINT, PAPER = (28, 30, 34), (110, 116, 126), (255, 255, 255)
GAP_PX = 8
LINE_PX = 15  # of a caption

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PictureTile:
    """One picture, cut out of a scene."""

    srgb: Tensor  # (3, H, W) the whole scene
    middle_px: tuple[float, float]
    side_px: float  # of the square that is cut out
    caption: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TileRow:
    """Tiles side by side."""

    title: str
    tiles: tuple[PictureTile, ...]


def write_tiles(
    rows: Sequence[TileRow], heading: str, path: Path, *, tile_px: int = 200, margin_px: int = 0, blocks: int = 1
) -> Path:
    """Write the rows as a PNG, in ``blocks`` side by side. Titles stand left of the rows where there is a margin."""
    columns = max(len(row.tiles) for row in rows)
    lines = max((len(tile.caption) for row in rows for tile in row.tiles), default=0)
    tall = tile_px + lines * LINE_PX + GAP_PX
    wide = margin_px + columns * (tile_px + GAP_PX) + GAP_PX
    high = -(-len(rows) // blocks)
    page = Image.new("RGB", (blocks * wide, 34 + high * tall + GAP_PX), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((GAP_PX, 9), heading, INK, ImageFont.load_default(15))
    for number, row in enumerate(rows):
        left, top = number // high * wide + GAP_PX, 34 + number % high * tall
        if margin_px:
            for line, text in enumerate(_wrapped(row.title, margin_px)):
                pen.text((left, top + 4 + 16 * line), text, INK, ImageFont.load_default(12))
        for column, tile in enumerate(row.tiles):
            _place(page, pen, tile, (left + margin_px + column * (tile_px + GAP_PX), top), tile_px)
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return write_bytes(path, stream.getvalue())


def _place(page: Image.Image, pen: ImageDraw.ImageDraw, tile: PictureTile, at: tuple[int, int], tile_px: int) -> None:
    page.paste(_cut(tile, tile_px), at)
    for line, text in enumerate(tile.caption):
        pen.text((at[0], at[1] + tile_px + 1 + line * LINE_PX), text, FAINT, ImageFont.load_default(11))


def _cut(tile: PictureTile, tile_px: int) -> Image.Image:
    """The square about the patch, every pixel of the scene as a sharp square; what lies outside is grey."""
    whole = Image.fromarray(rgb_u8_from_srgb(tile.srgb))
    half = max(tile.side_px, 8.0) / 2
    x, y = tile.middle_px
    left, top, right, bottom = (round(v) for v in (x - half, y - half, x + half, y + half))
    return whole.crop((left, top, right, bottom)).resize((tile_px, tile_px), Image.Resampling.NEAREST)


def _wrapped(title: str, margin_px: int) -> list[str]:
    font, lines = ImageFont.load_default(12), [""]
    for word in title.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > margin_px - 2 * GAP_PX:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def middle_and_side(corners_px: np.ndarray, context: float = 1.6) -> tuple[tuple[float, float], float]:
    """Where points ``(k,2)`` lie, and a square that holds them and their surroundings."""
    low, high = corners_px.min(0), corners_px.max(0)
    middle = (low + high) / 2
    return (float(middle[0]), float(middle[1])), float((high - low).max()) * context
