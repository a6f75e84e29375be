"""The page in front of a tiled print: what it becomes, which page goes where, and how large it is."""

from __future__ import annotations

from collections.abc import Sequence

from physadv.parts.printing.layout import MARGIN_MM, OVERLAP_MM, Box
from physadv.parts.printing.marks import GREY, HAIRLINE_MM, draw_titles, fitting, wrapped
from physadv.parts.printing.pdf import PdfCanvas
from physadv.parts.printing.pieces import Drawing, Piece
from physadv.parts.printing.tags import MODULES
from physadv.parts.printing.typeface import MM_A_POINT

_TITLE_MM = 12.0
_TEXT_PT, _SMALL_PT, _SMALL_PAPER_MM = 10.0, 6.0, 145.0
_TAG_GREY = 0.55  # paler than a tag, and without its cells: no camera takes the plan for the print


def draw_overview(
    canvas: PdfCanvas, piece: Piece, drawing: Drawing | None, title: str, facts: Sequence[str], notes: Sequence[str]
) -> None:
    """A plan of the whole print, as large as the page bears, with a number on every tile, and ``notes`` below."""
    width_mm, height_mm = canvas.paper_mm
    free_mm = width_mm - 2 * MARGIN_MM
    draw_titles(canvas, f"{title} · overview, not to scale: do not cut", facts, free_mm)
    size_pt = _TEXT_PT if width_mm > _SMALL_PAPER_MM else _SMALL_PT
    lines = [line for note in notes for line in wrapped(note.split(" "), free_mm, size_pt, between=" ")]
    pitch_mm = 1.5 * size_pt * MM_A_POINT
    top, bottom = MARGIN_MM + _TITLE_MM, height_mm - MARGIN_MM - pitch_mm * len(lines)
    art = _art(piece)
    scale = min(free_mm / art.width, (bottom - top - 3) / art.height)
    origin = (width_mm - art.width * scale) / 2 - art.x * scale, top - art.y * scale
    _draw_print(canvas, piece, drawing, origin, scale)
    _draw_tiles(canvas, piece, origin, scale)
    below = top + art.height * scale + 2
    for number, line in enumerate(lines, start=1):
        canvas.text(MARGIN_MM, below + pitch_mm * number, line, size_pt)


def size_notes(piece: Piece, pages: Sequence[tuple[str, int, int]]) -> list[str]:
    """How large things are and which pages belong together; ``pages`` are (words, first, last)."""
    layout, (width, height) = piece.layout, piece.picture_mm
    trim = layout.tiles[0].trim
    sizes = f"The picture is {width:.5g} x {height:.5g} mm"
    if piece.board:
        sizes += f"; with its tags and white rim the finished print is {trim.width:.4g} x {trim.height:.4g} mm"
    listed = "; ".join(f"{words}: page {a}" if a == b else f"{words}: pages {a} to {b}" for words, a, b in pages)
    return [
        f"{sizes}.",
        f"{layout.rows} rows of {layout.columns} pages, {layout.paper_mm[0]:.5g} x {layout.paper_mm[1]:.5g} mm each. "
        f"{listed}.",
        f"Cut every page at its ticks, glue it over its neighbour up to the triangles ({OVERLAP_MM:g} mm), then cut "
        "the whole out.",
    ]


def _art(piece: Piece) -> Box:
    """The artwork that all windows cover together, from the trim's top left."""
    windows = [Box(t.window.x - t.trim.x, t.window.y - t.trim.y, t.window.width, t.window.height)
               for t in piece.layout.tiles]  # fmt: skip
    left, top = min(w.x for w in windows), min(w.y for w in windows)
    right, bottom = max(w.x + w.width for w in windows), max(w.y + w.height for w in windows)
    return Box(left, top, right - left, bottom - top)


def _scaled(box: Box, origin: tuple[float, float], scale: float) -> Box:
    return Box(origin[0] + box.x * scale, origin[1] + box.y * scale, box.width * scale, box.height * scale)


def _draw_print(
    canvas: PdfCanvas, piece: Piece, drawing: Drawing | None, origin: tuple[float, float], scale: float
) -> None:
    trim, (width, height) = piece.layout.tiles[0].trim, piece.picture_mm
    whole = _scaled(Box(0, 0, trim.width, trim.height), origin, scale)
    middle = whole.x + whole.width / 2
    if piece.mirror:
        canvas.mirror(middle)
    if drawing:
        name, artwork = drawing
        left, top = (trim.width - width) / 2, (trim.height - height) / 2
        canvas.clip(_scaled(Box(left, top, width, height).grown(piece.bleed_mm), origin, scale))
        box = artwork.box
        canvas.image(name, _scaled(Box(left + box.x, top + box.y, box.width, box.height), origin, scale))
        canvas.restore()
    for tag in piece.board.tags if piece.board else ():
        side = tag.side_mm * (1 - 1 / MODULES)
        at = Box(trim.width / 2 + tag.x_mm - side / 2, trim.height / 2 + tag.y_mm - side / 2, side, side)
        canvas.fill(_scaled(at, origin, scale), grey=_TAG_GREY)
    if piece.mirror:
        canvas.restore()
    right, bottom = whole.x + whole.width, whole.y + whole.height
    canvas.line([(whole.x, whole.y), (right, whole.y), (right, bottom), (whole.x, bottom), (whole.x, whole.y)],
                HAIRLINE_MM, GREY)  # fmt: skip


def _draw_tiles(canvas: PdfCanvas, piece: Piece, origin: tuple[float, float], scale: float) -> None:
    """The rim of every page but for what its neighbours cover, and its row and column in the middle."""
    for tile in piece.layout.tiles:
        window = Box(tile.window.x - tile.trim.x, tile.window.y - tile.trim.y, tile.window.width, tile.window.height)
        place = _scaled(window, origin, scale)
        right, bottom = place.x + place.width, place.y + place.height
        canvas.line([(place.x, bottom), (place.x, place.y), (right, place.y)], 0.25, 0.2)
        if tile.column == piece.layout.columns - 1:
            canvas.line([(right, place.y), (right, bottom)], 0.25, 0.2)
        if tile.row == piece.layout.rows - 1:
            canvas.line([(place.x, bottom), (right, bottom)], 0.25, 0.2)
        words = f"{tile.row + 1}, {tile.column + 1}"
        size_pt, _ = fitting(words, place.width * 0.45, (9, 7, 5, 4), bold=True)
        high = size_pt * MM_A_POINT
        canvas.fill(Box(place.x + 1.2, place.y + 1.2, 0.62 * high * len(words) + 1.6, high + 1.2), grey=1.0)
        canvas.text(place.x + 2.0, place.y + 1.2 + high, words, size_pt, bold=True)
