"""One page with a ChArUco board at true size, to calibrate cameras with, and a bar to check that size."""

from __future__ import annotations

import numpy as np

from physadv.core.errors import BadOption
from physadv.core.version import __version__
from physadv.library.calibration.charuco import Squares
from physadv.parts.printing.layout import FOOTER_MM, HEADER_MM, MARGIN_MM, Box, parse_paper
from physadv.parts.printing.marks import check_bar
from physadv.parts.printing.pdf import Document, PdfCanvas

ADVICE = "Glue it to something flat. Show it tilted, near and far, and in all corners of the picture."
MIN_SQUARE_MM, MAX_SQUARE_MM = 5, 200


def charuco_page(squares: Squares, square_mm: float, paper: str) -> tuple[bytes, str]:
    """The PDF, and one line that tells board and paper.

    Raises :class:`BadOption` for squares that are too small or large, and where the board does not fit on the paper.
    """
    if not MIN_SQUARE_MM <= square_mm <= MAX_SQUARE_MM:
        raise BadOption(f"square_mm must be from {MIN_SQUARE_MM} to {MAX_SQUARE_MM}, got {square_mm}")
    size_mm = squares.columns * square_mm, squares.rows * square_mm
    paper_mm = _paper_mm(squares, size_mm, paper)
    board = Box((paper_mm[0] - size_mm[0]) / 2, MARGIN_MM + HEADER_MM, *size_mm)
    title = f"ChArUco board, {squares.columns} x {squares.rows} squares of {square_mm:g} mm"
    document = Document(title, f"physadv {__version__}")
    canvas = PdfCanvas(paper_mm)
    canvas.image(document.add_image(np.repeat(squares.drawn()[..., None], 3, 2), None), board)
    canvas.text(MARGIN_MM, MARGIN_MM + 3.5, title, 11, bold=True)
    canvas.text(MARGIN_MM, MARGIN_MM + 7.0, ADVICE, 7, grey=0.45)
    bottom = paper_mm[1] - MARGIN_MM
    check_bar(canvas, MARGIN_MM, bottom - 4, 100)
    canvas.text(MARGIN_MM, bottom, "Print at 100 % (actual size): this bar measures 100 mm.", 7, grey=0.45)
    document.add_page(canvas, trim=board, bleed=board)
    return document.to_bytes(), f"{title}, on {paper_mm[0]:g} x {paper_mm[1]:g} mm"


def _paper_mm(squares: Squares, size_mm: tuple[float, float], paper: str) -> tuple[float, float]:
    """The first orientation of the paper on which the board has room."""
    room_mm = MARGIN_MM * 2, 2 * MARGIN_MM + HEADER_MM + FOOTER_MM
    papers = parse_paper(paper)
    for width, height in papers:
        if size_mm[0] + room_mm[0] <= width and size_mm[1] + room_mm[1] <= height:
            return width, height
    largest = max(
        min((width - room_mm[0]) / squares.columns, (height - room_mm[1]) / squares.rows) for width, height in papers
    )
    raise BadOption(
        f"a board of {size_mm[0]:g} x {size_mm[1]:g} mm does not fit on paper={paper}. "
        f"Write square_mm={max(int(2 * largest) / 2, 5):g}, fewer squares, or a larger paper"
    )
