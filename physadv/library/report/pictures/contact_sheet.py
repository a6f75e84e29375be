"""The contact sheet: frames without patch, with a grey one and with the patch, as the detector saw them."""

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

TILE_PX = (400, 300)  # width, height
GAP_PX = 12
MARGIN_PX = 132  # left of the tiles, for the row's title
HEAD_PX = 40
NEARBY_IOU = 0.1  # less overlap than this: the report is about something else
RIGHT = (38, 166, 91)  # the object's own label
WRONG = (235, 96, 52)  # another label
INK, FAINT, PAPER = (28, 30, 34), (110, 116, 126), (255, 255, 255)
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ReportMark:
    """One report of the detector."""

    box_xyxy_px: Box
    label: str
    score: float
    own: bool  # the label is the object's own


@dataclass(frozen=True, slots=True)
class ArmTile:
    """One frame under one arm."""

    arm: str
    srgb: Tensor  # (3, H, W)
    marks: tuple[ReportMark, ...]


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object, under each arm."""

    title: str
    note: str  # e.g. its distance
    label: str
    box_xyxy_px: Box
    tiles: tuple[ArmTile, ...]


def sheet(rows: Sequence[ObjectRow], path: Path) -> Path:
    """Write the rows as a PNG. Every tile shows the object and its surroundings, enlarged alike within a row."""
    wide = max((len(row.tiles) for row in rows), default=1)
    width = MARGIN_PX + wide * (TILE_PX[0] + GAP_PX)
    page = Image.new("RGB", (width, HEAD_PX + len(rows) * (TILE_PX[1] + GAP_PX)), PAPER)
    pen = ImageDraw.Draw(page)
    for column, tile in enumerate(rows[0].tiles if rows else ()):
        left = MARGIN_PX + column * (TILE_PX[0] + GAP_PX)
        pen.text((left + TILE_PX[0] / 2, HEAD_PX / 2), tile.arm, INK, lettering(20), anchor="mm")
    for number, row in enumerate(rows):
        top = HEAD_PX + number * (TILE_PX[1] + GAP_PX)
        pen.text((12, top + TILE_PX[1] / 2), row.title, INK, lettering(20), anchor="ls")
        pen.text((12, top + TILE_PX[1] / 2 + 8), row.note, FAINT, lettering(16), anchor="lt")
        for column, tile in enumerate(row.tiles):
            page.paste(drawn(tile, row), (MARGIN_PX + column * (TILE_PX[0] + GAP_PX), top))
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return write_bytes(path, stream.getvalue())


def view_of(box: Box, size: tuple[int, int]) -> Box:
    """The part of an image ``(width, height)`` to show: the object takes 40 % of a tile where there is room."""
    aspect = TILE_PX[0] / TILE_PX[1]
    tall = max((box[3] - box[1]) / 0.4, (box[2] - box[0]) / 0.4 / aspect, 48.0)
    tall = min(tall, float(size[1]), size[0] / aspect)
    wide = tall * aspect
    left = min(max((box[0] + box[2] - wide) / 2, 0.0), size[0] - wide)
    top = min(max((box[1] + box[3] - tall) / 2, 0.0), size[1] - tall)
    return left, top, left + wide, top + tall


def drawn(tile: ArmTile, row: ObjectRow, *, in_words: bool = True) -> Image.Image:
    """The object and its surroundings, with what was reported there, in ``TILE_PX``; ``in_words`` also what was not."""
    frame = Image.fromarray(np.ascontiguousarray(rgb_u8_from_srgb(tile.srgb)))
    window = view_of(row.box_xyxy_px, frame.size)
    picture = frame.resize(TILE_PX, Image.Resampling.LANCZOS, box=window)
    scale = TILE_PX[0] / (window[2] - window[0])
    pen = ImageDraw.Draw(picture)
    for mark in reversed(tile.marks):  # the best one on top
        corners = [(v - window[i % 2]) * scale for i, v in enumerate(mark.box_xyxy_px)]
        if corners[2] > 0 and corners[3] > 0 and corners[0] < TILE_PX[0] and corners[1] < TILE_PX[1]:
            if _iou(mark.box_xyxy_px, row.box_xyxy_px) >= NEARBY_IOU:
                _outline(pen, corners, mark)
            else:
                pen.rectangle(tuple(corners), outline=RIGHT if mark.own else WRONG, width=1)
    _dashed(pen, [(v - window[i % 2]) * scale for i, v in enumerate(row.box_xyxy_px)])
    if in_words:
        _verdict(pen, tile, row)
    return picture


def _outline(pen: ImageDraw.ImageDraw, corners: list[float], mark: ReportMark) -> None:
    colour = RIGHT if mark.own else WRONG
    pen.rectangle(tuple(corners), outline=colour, width=3)
    text, font = f"{mark.label} {mark.score:.0%}", lettering(15)
    left, top, right, bottom = pen.textbbox((0, 0), text, font, anchor="lt")
    x = min(max(corners[0], 0.0), TILE_PX[0] - (right - left) - 8)
    y = corners[1] - (bottom - top) - 8
    y = y if y >= 0 else max(corners[1], 0.0)
    pen.rectangle((x, y, x + right - left + 8, y + bottom - top + 8), fill=colour)
    pen.text((x + 4, y + 4), text, PAPER, font, anchor="lt")


def _dashed(pen: ImageDraw.ImageDraw, corners: list[float]) -> None:
    """Where the object is, whatever was reported."""
    left, top, right, bottom = corners
    across_edges = [(left, right, top, True), (left, right, bottom, True)]
    upright_edges = [(top, bottom, left, False), (top, bottom, right, False)]
    for start, end, fixed, across in across_edges + upright_edges:
        for dash in np.arange(start, end, 10.0):
            tip = min(float(dash) + 5, end)
            line = (float(dash), fixed, tip, fixed) if across else (fixed, float(dash), fixed, tip)
            pen.line(line, fill=PAPER, width=1)


def _verdict(pen: ImageDraw.ImageDraw, tile: ArmTile, row: ObjectRow) -> None:
    """Say in words what a missing frame means."""
    if detected(tile, row):
        return
    text, font = f"{row.label} {outcome(tile, row)}", lettering(16)
    left, top, right, bottom = pen.textbbox((0, 0), text, font, anchor="lt")
    x, y = (TILE_PX[0] - (right - left)) / 2, TILE_PX[1] - (bottom - top) - 14
    pen.rectangle((x - 8, y - 6, x + right - left + 8, y + bottom - top + 6), fill=(20, 20, 20))
    pen.text((x, y), text, PAPER, font, anchor="lt")


def detected(tile: ArmTile, row: ObjectRow) -> bool:
    """Whether the object is reported where it is, under its own label."""
    return any(mark.own and _iou(mark.box_xyxy_px, row.box_xyxy_px) >= 0.5 for mark in tile.marks)


def outcome(tile: ArmTile, row: ObjectRow) -> str:
    """The outcome of the object: "detected, 93 %", "taken for bus, 61 %", "not detected"."""
    here = [mark for mark in tile.marks if _iou(mark.box_xyxy_px, row.box_xyxy_px) >= 0.5]
    own = [mark for mark in here if mark.own]
    if own:
        return f"detected, {100 * own[0].score:.0f} %"
    return f"taken for {here[0].label}, {100 * here[0].score:.0f} %" if here else "not detected"


def _iou(box: Box, other: Box) -> float:
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    shared = max(wide, 0.0) * max(tall, 0.0)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
    return shared / max(sum(areas) - shared, 1e-9)


def lettering(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
