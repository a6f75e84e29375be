"""Where things go on paper: sheet sizes, one page or tiles. Millimetres, origin at the page's top left, y down."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from physadv.core.errors import BadOption

PAPERS_MM = {"a5": (148.0, 210.0), "a4": (210.0, 297.0), "a3": (297.0, 420.0), "letter": (215.9, 279.4)}
MIN_PAPER_MM, MAX_PAPER_MM = 90.0, 5080.0  # a PDF page is at most 14400 points wide
MAX_PAGES = 400

MARGIN_MM = 8.0  # no desktop printer needs more
HEADER_MM = 9.0  # title and note
FOOTER_MM = 14.0  # check bar and map of tiles
MARK_GAP_MM, MARK_MM = 1.0, 4.0  # crop marks begin so far outside the bleed, and are so long
TICK_MM = 5.0  # free strip round a tile for its marks
OVERLAP_MM = 10.0


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """In square millimetres."""
        return self.width * self.height

    def grown(self, by: float) -> Box:
        """The same centre, each edge moved outwards."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def mirrored(self, about_x: float) -> Box:
        """Left and right changed."""
        return Box(2 * about_x - self.x - self.width, self.y, self.width, self.height)

    def clipped(self, to: Box) -> Box:
        """The part that lies inside ``to`` as well; of no size where there is nothing."""
        x, y = max(self.x, to.x), max(self.y, to.y)
        right = min(self.x + self.width, to.x + to.width)
        bottom = min(self.y + self.height, to.y + to.height)
        return Box(x, y, max(right - x, 0.0), max(bottom - y, 0.0))


@dataclass(frozen=True)
class SheetTile:
    """One page: what it shows, and where the patch's trim lies on it, mostly outside when there are several."""

    row: int  # from 0
    column: int
    window: Box  # of the page, through which the artwork is seen
    trim: Box


@dataclass(frozen=True)
class SheetLayout:
    """All pages of a sheet."""

    paper_mm: tuple[float, float]
    rows: int
    columns: int
    tiles: tuple[SheetTile, ...]


def parse_paper(text: str) -> tuple[tuple[float, float], ...]:
    """Sizes the paper may be used in: both orientations of ``a4``, ``letter``..., one of ``WIDTHxHEIGHT`` in mm.

    Raises :class:`BadOption` for other names and sizes.
    """
    if size_mm := PAPERS_MM.get(text.strip().lower()):
        return size_mm, size_mm[::-1]
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*[xX×]\s*(\d+(?:\.\d+)?)\s*(?:mm)?\s*", text)
    if not match:
        raise BadOption(f"paper={text!r} is neither one of {', '.join(PAPERS_MM)} nor WIDTHxHEIGHT in mm, as 600x900.")
    width_mm, height_mm = float(match[1]), float(match[2])
    if not all(MIN_PAPER_MM <= side <= MAX_PAPER_MM for side in (width_mm, height_mm)):
        raise BadOption(f"paper={text!r} must be from {MIN_PAPER_MM:g} to {MAX_PAPER_MM:g} mm on each side.")
    return ((width_mm, height_mm),)


def arrange(trim_mm: tuple[float, float], bleed_mm: float, papers: tuple[tuple[float, float], ...]) -> SheetLayout:
    """Lay a patch out on whichever of ``papers`` needs fewest pages, the first on a draw.

    Raises :class:`BadOption` where it would take too many pages.
    """
    counts = [math.prod(_grid(trim_mm, bleed_mm, paper)) for paper in papers]
    paper_mm = papers[counts.index(min(counts))]
    if min(counts) > MAX_PAGES:
        raise BadOption(
            f"a print of {trim_mm[0]:g} x {trim_mm[1]:g} mm needs {min(counts)} pages of {paper_mm[0]:g} x "
            f"{paper_mm[1]:g} mm, over {MAX_PAGES}. Choose a larger paper, as paper=1000x1400."
        )
    rows, columns = _grid(trim_mm, bleed_mm, paper_mm)
    area, slug = _area(paper_mm), bleed_mm + MARK_GAP_MM + MARK_MM
    art_width, art_height = trim_mm[0] + 2 * slug, trim_mm[1] + 2 * slug
    width = (art_width + (columns - 1) * OVERLAP_MM) / columns  # equal tiles: no sliver at the end
    height = (art_height + (rows - 1) * OVERLAP_MM) / rows
    x, y = area.x + (area.width - width) / 2, area.y + (area.height - height) / 2
    tiles = []
    for row in range(rows):
        for column in range(columns):
            left, top = column * (width - OVERLAP_MM), row * (height - OVERLAP_MM)
            trim = Box(x - left + slug, y - top + slug, *trim_mm)
            tiles.append(SheetTile(row, column, Box(x, y, width, height), trim))
    return SheetLayout(paper_mm, rows, columns, tuple(tiles))


def free_mm(paper_mm: tuple[float, float]) -> tuple[float, float]:
    """Width and height of the largest print without bleed that is whole on a page."""
    area, slug = _area(paper_mm), MARK_GAP_MM + MARK_MM
    return area.width - 2 * slug, area.height - 2 * slug


def _area(paper_mm: tuple[float, float]) -> Box:
    """The part of a page that is free for artwork."""
    width, height = paper_mm
    return Box(MARGIN_MM, MARGIN_MM + HEADER_MM, width - 2 * MARGIN_MM, height - 2 * MARGIN_MM - HEADER_MM - FOOTER_MM)


def _grid(trim_mm: tuple[float, float], bleed_mm: float, paper_mm: tuple[float, float]) -> tuple[int, int]:
    """Rows and columns of pages."""
    area, slug = _area(paper_mm), bleed_mm + MARK_GAP_MM + MARK_MM
    art = (trim_mm[1] + 2 * slug, trim_mm[0] + 2 * slug)
    if art[0] <= area.height and art[1] <= area.width:
        return 1, 1
    windows = area.height - 2 * TICK_MM, area.width - 2 * TICK_MM
    if min(windows) < 2 * OVERLAP_MM:
        raise BadOption(f"paper of {paper_mm[0]:g} x {paper_mm[1]:g} mm is too small for tiles. Choose a larger one.")
    rows, columns = (
        max(1, math.ceil((side - OVERLAP_MM) / (window - OVERLAP_MM) - 1e-9))
        for side, window in zip(art, windows, strict=True)
    )
    return rows, columns
