"""Everything on a sheet that is not the patch: crop marks, tile marks, title, check bar, map of tiles."""

from __future__ import annotations

from collections.abc import Sequence

from physadv.parts.printing.layout import MARGIN_MM, MARK_GAP_MM, MARK_MM, OVERLAP_MM, Box, SheetLayout, SheetTile
from physadv.parts.printing.pdf import PdfCanvas
from physadv.parts.printing.qr import qr_modules
from physadv.parts.printing.typeface import typeface

HAIRLINE_MM = 0.1
TICK_GAP_MM, TICK_LENGTH_MM = 0.8, 3.0
QR_MM, QR_WHITE_MM = 11.0, 4.0
_FACTS = ((7.0, (7.5,)), (6.0, (6.4, 8.8)), (5.0, (6.2, 8.4)), (4.5, (5.6, 7.3, 9.0)))
"""Sizes of the facts, and the baselines of their lines below the margin: all of them end above the artwork."""
GREY = 0.45
"""Of secondary text."""


def crop_marks(canvas: PdfCanvas, trim: Box, bleed_mm: float) -> None:
    """Two lines at each corner, outside the bleed, that prolong the edges to cut along."""
    near = bleed_mm + MARK_GAP_MM
    far = near + MARK_MM
    for y in (trim.y, trim.y + trim.height):
        canvas.line([(trim.x - far, y), (trim.x - near, y)], HAIRLINE_MM)
        canvas.line([(trim.x + trim.width + near, y), (trim.x + trim.width + far, y)], HAIRLINE_MM)
    for x in (trim.x, trim.x + trim.width):
        canvas.line([(x, trim.y - far), (x, trim.y - near)], HAIRLINE_MM)
        canvas.line([(x, trim.y + trim.height + near), (x, trim.y + trim.height + far)], HAIRLINE_MM)


def tile_marks(canvas: PdfCanvas, layout: SheetLayout, tile: SheetTile) -> None:
    """Ticks where to cut (left and top edges inside the sheet), triangles where the next tile's cut edge goes."""
    window = tile.window
    right, bottom = window.x + window.width, window.y + window.height
    if tile.column > 0:
        _ticks(canvas, _upright(window.x, window.y, bottom))
    if tile.row > 0:
        _ticks(canvas, _level(window.y, window.x, right))
    if tile.column < layout.columns - 1:
        _triangles(canvas, _upright(right - OVERLAP_MM, window.y, bottom))
    if tile.row < layout.rows - 1:
        _triangles(canvas, _level(bottom - OVERLAP_MM, window.x, right))


def draw_header(canvas: PdfCanvas, layout: SheetLayout, tile: SheetTile, title: str, facts: Sequence[str]) -> None:
    """Draw the top of the page: the title, the facts in as many lines as they need, and for tiles which one."""
    width_mm = canvas.paper_mm[0] - 2 * MARGIN_MM
    if len(layout.tiles) > 1:
        width_mm = _draw_map(canvas, layout, tile) - 4 - MARGIN_MM
    draw_titles(canvas, title, facts, width_mm)


def draw_titles(canvas: PdfCanvas, title: str, facts: Sequence[str], width_mm: float) -> None:
    """The title and, below, the facts, in letters small enough for all of them."""
    size_pt, line = fitting(title, width_mm, (11, 9, 7.5), bold=True)
    canvas.text(MARGIN_MM, MARGIN_MM + 3.5, line, size_pt, bold=True)
    for size_pt, tops in _FACTS:
        lines = wrapped(facts, width_mm, size_pt)
        if len(lines) <= len(tops):
            break
    for line, top in zip(lines, tops, strict=False):
        canvas.text(MARGIN_MM, MARGIN_MM + top, fitting(line, width_mm, (size_pt,))[1], size_pt, grey=GREY)


def draw_footer(canvas: PdfCanvas, layout: SheetLayout, advice: str, code: str) -> None:
    """Draw what to do with the page, the check bar, how to print and join, and the QR code of ``code``."""
    width_mm, height_mm = canvas.paper_mm
    free_mm = width_mm - 2 * MARGIN_MM - QR_MM - QR_WHITE_MM
    length_mm = bar_mm(canvas.paper_mm)
    bottom = height_mm - MARGIN_MM
    size_pt, line = fitting(advice, free_mm, (8, 7, 6, 5, 4.5), bold=True)
    lines = [line] if line == advice else wrapped(advice.split(" "), free_mm, size_pt, between=" ", bold=True)[:2]
    for number, line in enumerate(reversed(lines)):
        canvas.text(MARGIN_MM, bottom - 9 - 2 * number, line, size_pt, bold=True)
    check_bar(canvas, MARGIN_MM, bottom - 4, length_mm)
    how = [f"Print at 100 % (actual size), on one side: this bar measures {length_mm} mm."]
    if len(layout.tiles) > 1:
        how.append("Cut at the ticks, glue over the neighbour up to its triangles.")
    size_pt, line = fitting("  ".join(how), free_mm, (7, 6, 5))
    lines = [line] if line.endswith(how[-1]) else how
    for number, line in enumerate(reversed(lines)):
        size_pt, line = fitting(line, free_mm, (size_pt, 4.5, 4, 3.5))
        canvas.text(MARGIN_MM, bottom - 2 * number, line, size_pt, grey=GREY)
    canvas.fill_all(qr_modules(code, Box(width_mm - MARGIN_MM - QR_MM, bottom - QR_MM, QR_MM, QR_MM)))


def bar_mm(paper_mm: tuple[float, float]) -> int:
    """Length of the check bar that fits on the paper."""
    free_mm = paper_mm[0] - 2 * MARGIN_MM - QR_MM - QR_WHITE_MM
    return next(length for length in (100, 50, 20) if length <= free_mm - 10)


def check_bar(canvas: PdfCanvas, x: float, y: float, length_mm: int) -> None:
    """A ruler whose black baseline on ``y`` is exactly ``length_mm`` long; a tick every 10 mm."""
    thick = 0.25
    canvas.fill(Box(x, y - thick, length_mm, thick))
    for at_mm in range(0, length_mm + 1, 10):
        long = at_mm in (0, length_mm // 2, length_mm)
        left = x + at_mm - thick / 2
        left = min(max(left, x), x + length_mm - thick)  # the outermost ticks end flush with the bar
        canvas.fill(Box(left, y - (3.0 if long else 1.6), thick, 3.0 if long else 1.6))
    for at_mm in (0, length_mm // 2, length_mm):
        label = f"{at_mm} mm" if at_mm == length_mm else str(at_mm)
        canvas.text(x + at_mm + 0.8, y - 1.3, label, 6, grey=GREY)


def _draw_map(canvas: PdfCanvas, layout: SheetLayout, tile: SheetTile) -> float:
    """A small plan of all tiles with this one filled, and its place in words. Returns where it begins."""
    aspect = tile.window.width / tile.window.height
    height = min(8.0 / layout.rows, 24.0 / layout.columns / aspect)
    left = canvas.paper_mm[0] - MARGIN_MM - height * aspect * layout.columns
    for other in layout.tiles:
        cell = Box(left + other.column * height * aspect, MARGIN_MM + other.row * height, height * aspect, height)
        canvas.fill(cell.grown(-0.05 * height), grey=0.0 if other == tile else 0.8)
    start = left - 30
    canvas.text(start, MARGIN_MM + 3.5, f"row {tile.row + 1}, column {tile.column + 1}", 9, bold=True)
    canvas.text(start, MARGIN_MM + 7.5, f"of {layout.rows} x {layout.columns} tiles", 7, grey=GREY)
    return start


End = tuple[tuple[float, float], tuple[float, float]]
"""A point on the window's rim, and the direction out of it."""


def _upright(x: float, top: float, bottom: float) -> tuple[End, End]:
    return ((x, top), (0, -1)), ((x, bottom), (0, 1))


def _level(y: float, left: float, right: float) -> tuple[End, End]:
    return ((left, y), (-1, 0)), ((right, y), (1, 0))


def _ticks(canvas: PdfCanvas, ends: tuple[End, End]) -> None:
    for (x, y), (dx, dy) in ends:
        near, far = TICK_GAP_MM, TICK_GAP_MM + TICK_LENGTH_MM
        canvas.line([(x + near * dx, y + near * dy), (x + far * dx, y + far * dy)], HAIRLINE_MM)


def _triangles(canvas: PdfCanvas, ends: tuple[End, End]) -> None:
    """Triangles whose tips touch the window's rim."""
    for (x, y), (dx, dy) in ends:
        base_x, base_y = x + 2.4 * dx, y + 2.4 * dy
        canvas.polygon([(x, y), (base_x - 1.1 * dy, base_y + 1.1 * dx), (base_x + 1.1 * dy, base_y - 1.1 * dx)])


def fitting(text: str, width_mm: float, sizes_pt: Sequence[float], *, bold: bool = False) -> tuple[float, str]:
    """The first size at which the line fits, and the line; shortened where it fits at none of them."""
    face = typeface(bold=bold)
    for size_pt in sizes_pt:
        if face.width_mm(text, size_pt) <= width_mm:
            return size_pt, text
    kept = text
    while kept and face.width_mm(f"{kept}…", size_pt) > width_mm:
        kept = kept[:-1]
    return size_pt, f"{kept.rstrip()}…"


def wrapped(
    parts: Sequence[str], width_mm: float, size_pt: float, *, between: str = "  ·  ", bold: bool = False
) -> list[str]:
    """The parts in lines that fit; one that is longer than a line has a line of its own."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}{between}{part}" if lines else part
        if lines and typeface(bold=bold).width_mm(longer, size_pt) <= width_mm:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
