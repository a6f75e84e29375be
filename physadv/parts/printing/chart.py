"""The colour chart: every colour of a lattice and some greys, each twice, at random places, between four tags."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.library.files.boards import Board, Swatch, Tag
from physadv.parts.printing.layout import arrange, free_mm

LEVELS, GREYS, COPIES = 5, 11, 2
MIN_CELL_MM, MAX_CELL_MM = 4.0, 30.0
_FILLED = 0.9  # of a cell; the rest is white paper
_TAG_CELLS, _GAP_CELLS = 2.4, 1.0


@dataclass(frozen=True)
class Grid:
    """Cells of equal size, with a row of tags above and below."""

    columns: int
    rows: int
    cell_mm: float

    @property
    def tag_mm(self) -> float:
        return _TAG_CELLS * self.cell_mm

    @property
    def size_mm(self) -> tuple[float, float]:
        """Of the cells."""
        return self.columns * self.cell_mm, self.rows * self.cell_mm

    @property
    def board_mm(self) -> tuple[float, float]:
        """Cells and tags, with a module of white outside the tags."""
        return self.columns * self.cell_mm, (self.rows + 2 * _rim_cells()) * self.cell_mm


def colours() -> list[tuple[float, float, float]]:
    """The lattice of 5 × 5 × 5 in sRGB, and 11 greys from black to white."""
    levels = [level / (LEVELS - 1) for level in range(LEVELS)]
    greys = [grey / (GREYS - 1) for grey in range(GREYS)]
    lattice = [(red, green, blue) for red in levels for green in levels for blue in levels]
    return [*lattice, *((grey, grey, grey) for grey in greys)]


def fit_chart(papers: tuple[tuple[float, float], ...]) -> tuple[Grid, tuple[float, float]]:
    """The largest chart that is whole on one page, and the paper as it lies.

    Raises :class:`BadOption` where the paper is too small.
    """
    grid, paper = max(((_largest(paper), paper) for paper in papers), key=lambda made: made[0].cell_mm)
    if grid.cell_mm < MIN_CELL_MM:
        raise BadOption(
            f"the colour chart needs a larger paper than {paper[0]:g} x {paper[1]:g} mm: "
            f"its fields would be {grid.cell_mm:.2g} mm wide. Write paper=a4, or chart=false."
        )
    assert len(arrange(grid.board_mm, 0.0, (paper,)).tiles) == 1
    return grid, paper


def chart_board(grid: Grid, ids: Iterator[int], seed: int) -> Board:
    """The chart with its swatches in reading order.

    Both copies of a colour are drawn apart, one in the first half and one in the second, so that light that falls off
    across the chart shows as a difference between them.
    """
    width_mm, height_mm = grid.size_mm
    random = generator(seed, "sheet/chart")
    asked = colours()
    order = [asked[index] for _ in range(COPIES) for index in torch.randperm(len(asked), generator=random).tolist()]
    swatches = tuple(
        Swatch(
            (place % grid.columns + 0.5) * grid.cell_mm - width_mm / 2,
            (place // grid.columns + 0.5) * grid.cell_mm - height_mm / 2,
            _FILLED * grid.cell_mm,
            srgb,
        )
        for place, srgb in enumerate(order)
    )
    module_mm = grid.tag_mm / 6
    x = width_mm / 2 - module_mm - grid.tag_mm / 2
    y = height_mm / 2 + _GAP_CELLS * grid.cell_mm + grid.tag_mm / 2
    corners = ((-x, -y), (x, -y), (x, y), (-x, y))
    tags = tuple(Tag(next(ids), cx, cy, grid.tag_mm) for cx, cy in corners)
    return Board("chart", grid.size_mm, tags, swatches)


def _largest(paper_mm: tuple[float, float]) -> Grid:
    width_mm, height_mm = free_mm(paper_mm)
    count = COPIES * len(colours())
    grids = []
    for columns in range(8, count // 8 + 1):
        rows = math.ceil(count / columns)
        cell_mm = min(width_mm / columns, height_mm / (rows + 2 * _rim_cells()), MAX_CELL_MM)
        grids.append(Grid(columns, rows, cell_mm * (1 - 1e-9)))
    return max(grids, key=lambda grid: grid.cell_mm)


def _rim_cells() -> float:
    """From the outermost cells to the edge."""
    return _GAP_CELLS + _TAG_CELLS * 7 / 6
