"""Pieces that are drawn on the pages: the patch, a control, or the chart, each with its tags."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from physadv.library.files.boards import Board, Tag
from physadv.parts.printing.artwork import Artwork
from physadv.parts.printing.layout import Box, SheetLayout, SheetTile
from physadv.parts.printing.marks import GREY, crop_marks
from physadv.parts.printing.pdf import PdfCanvas
from physadv.parts.printing.tags import MODULES
from physadv.parts.printing.typeface import typeface

WORDS = {"patch": "", "grey": "grey control", "random": "random control", "chart": "colour chart"}
_CUT_LINE_MM, _CUT_LINE_GREY = 0.1, 0.5
_RIM_TEXT_PT, _RIM_TEXT_MM = 5.5, 1.4  # size and the height of its capitals

Drawing = tuple[str, Artwork]
"""An image's name in the document, and what it shows."""


@dataclass(frozen=True)
class Piece:
    """One thing to cut out, over as many pages as it needs."""

    role: str  # patch, grey, random, chart
    layout: SheetLayout  # the trim of its tiles is the finished piece
    board: Board | None  # without tags: None
    picture_mm: tuple[float, float]  # of the patch in its middle
    bleed_mm: float = 0.0
    cut_line: bool = True
    mirror: bool = False
    labels: tuple[str, ...] = ()  # for the white rim: the first that has room


def draw_piece(canvas: PdfCanvas, tile: SheetTile, piece: Piece, drawing: Drawing | None) -> None:
    """The part of the piece that this page's window shows."""
    trim = tile.trim
    canvas.clip(tile.window)
    if piece.mirror:
        canvas.mirror(trim.x + trim.width / 2)
    if drawing:
        _draw_picture(canvas, piece, drawing, _middle(trim, piece.picture_mm))
    if piece.board:
        middle = trim.x + trim.width / 2, trim.y + trim.height / 2
        draw_board(canvas, piece.board, middle, tile.window.mirrored(middle[0]) if piece.mirror else tile.window)
        _label_rim(canvas, piece, piece.board, trim)
        if piece.cut_line and piece.role != "chart":
            canvas.line(_outline(trim), _CUT_LINE_MM, _CUT_LINE_GREY)
    if piece.mirror:
        canvas.restore()
    if piece.role != "chart":
        crop_marks(canvas, trim, piece.bleed_mm)
    canvas.restore()


def draw_board(canvas: PdfCanvas, board: Board, origin: tuple[float, float], window: Box) -> None:
    """Tags and swatches whose millimetres begin at ``origin``; what is wholly outside ``window`` is left out."""
    for swatch in board.swatches:
        canvas.colour(_square(origin, swatch.x_mm, swatch.y_mm, swatch.side_mm), swatch.srgb)
    for tag in board.tags:
        if _square(origin, tag.x_mm, tag.y_mm, tag.side_mm).clipped(window).area:
            canvas.fill_all(tag_modules(tag, board.dictionary, origin))


def tag_modules(tag: Tag, dictionary: str, origin: tuple[float, float] = (0.0, 0.0)) -> list[Box]:
    """The black parts of a tag, a rectangle for each run of modules in a row."""
    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    black = cv2.aruco.generateImageMarker(known, tag.id, MODULES) == 0
    module_mm = tag.side_mm / MODULES
    left, top = origin[0] + tag.x_mm - tag.side_mm / 2, origin[1] + tag.y_mm - tag.side_mm / 2
    return [
        Box(left + start * module_mm, top + row * module_mm, (end - start) * module_mm, module_mm)
        for row, cells in enumerate(black)
        for start, end in np.flatnonzero(np.diff(np.pad(cells, 1).astype(np.int8))).reshape(-1, 2).tolist()
    ]


def _draw_picture(canvas: PdfCanvas, piece: Piece, drawing: Drawing, place: Box) -> None:
    """Image and cut line; on a board nothing is cut along the patch, and white is what shows round it."""
    name, artwork = drawing
    canvas.clip(place.grown(piece.bleed_mm))
    canvas.image(name, Box(place.x + artwork.box.x, place.y + artwork.box.y, artwork.box.width, artwork.box.height))
    canvas.restore()
    for contour in artwork.contours if piece.cut_line and not piece.board else ():
        canvas.line([(place.x + x, place.y + y) for x, y in contour.tolist()], _CUT_LINE_MM, _CUT_LINE_GREY)


def _label_rim(canvas: PdfCanvas, piece: Piece, board: Board, trim: Box) -> None:
    """A small line below the patch, clear of the tags' own white, so that a piece that was cut out can be told."""
    width_mm, height_mm = piece.picture_mm
    below = sorted((tag for tag in board.tags if tag.y_mm > height_mm / 2), key=lambda tag: tag.x_mm)
    rim_mm = min([(trim.height - height_mm) / 2, *(tag.y_mm - (tag.side_mm + height_mm) / 2 for tag in below)])
    left, right = -width_mm / 2, width_mm / 2
    for tag in below:
        clear_mm = tag.side_mm * (0.5 + 1 / MODULES)
        if tag.x_mm - clear_mm <= left < tag.x_mm + clear_mm:
            left = tag.x_mm + clear_mm
        elif left < tag.x_mm - clear_mm < right:
            right = tag.x_mm - clear_mm
    x, y = trim.x + trim.width / 2 + left, trim.y + (trim.height + height_mm + rim_mm + _RIM_TEXT_MM) / 2
    fits = [label for label in piece.labels if typeface().width_mm(label, _RIM_TEXT_PT) <= right - left]
    for label in fits[:1]:
        canvas.text(x, y, label, _RIM_TEXT_PT, grey=GREY)


def _middle(trim: Box, size_mm: tuple[float, float]) -> Box:
    return Box(trim.x + (trim.width - size_mm[0]) / 2, trim.y + (trim.height - size_mm[1]) / 2, *size_mm)


def _square(origin: tuple[float, float], x_mm: float, y_mm: float, side_mm: float) -> Box:
    return Box(origin[0] + x_mm - side_mm / 2, origin[1] + y_mm - side_mm / 2, side_mm, side_mm)


def _outline(box: Box) -> list[tuple[float, float]]:
    right, bottom = box.x + box.width, box.y + box.height
    return [(box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom), (box.x, box.y)]
