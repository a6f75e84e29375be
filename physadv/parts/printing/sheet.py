"""Print-ready PDF at true size: patch, controls and chart with tags, a check bar, tiles where the paper is smaller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from physadv.core.errors import BadOption
from physadv.core.types import PatchImage
from physadv.core.version import __version__
from physadv.library.files.atomic import write_bytes
from physadv.library.files.boards import ROLES, Board, Boards
from physadv.library.files.patches import SHORT_DIGEST, patch_digest
from physadv.parts.printing.artwork import make_artwork
from physadv.parts.printing.chart import chart_board, fit_chart
from physadv.parts.printing.layout import MAX_PAGES, Box, arrange, parse_paper
from physadv.parts.printing.marks import bar_mm, draw_footer, draw_header, tile_marks
from physadv.parts.printing.overview import draw_overview, size_notes
from physadv.parts.printing.pdf import Document, PdfCanvas
from physadv.parts.printing.pieces import WORDS, Drawing, Piece, draw_piece
from physadv.parts.printing.qr import qr_text
from physadv.parts.printing.tags import IDS, TagPlan, choose_tags

MAX_BLEED_MM = 20.0
_IDS_A_ROLE = 8


@dataclass(frozen=True)
class SheetOptions:
    """How a patch goes to paper."""

    paper: str = "a4"  # a5, a4, a3, letter (turned if that saves pages), or WIDTHxHEIGHT in mm
    bleed_mm: float = 3.0  # colour beyond the edge, where the patch is cut out; on a white board there is none
    mirror: bool = False  # for transfers that are ironed on face down
    cut_line: bool = True  # thin grey line where to cut
    dpi: float = 0.0  # dots an inch to upsample to; 0: as many as show all of the patch
    tags: str = "none"  # markers round the patch: auto, none, 4xMM or 8xMM
    range_m: float = 0.0  # with tags=auto: up to which distance a camera shall find them; 0: as the size suggests
    chart: bool = False  # a page of known colours
    seed: int | None = None  # on the sheet, and of the chart's order
    title: str = "patch"
    note: str = ""  # for the record
    worn_by: tuple[str, tuple[float, float]] | None = None  # what will wear the print, and its width and height in mm


@dataclass(frozen=True)
class SheetReport:
    """Files that were written, and their pages."""

    path: Path
    pages: int  # of all pieces, and the overview in front of a print of several pages
    rows: int  # of pages, for the patch
    columns: int
    paper_mm: tuple[float, float]
    patch_mm: tuple[float, float]
    dpi: float  # of the image as printed
    digest: str  # of the patch, as printed on the sheet
    tags: TagPlan | None
    boards: Boards | None  # what carries tags; to be saved beside the PDF
    caution: str = ""  # where the print is larger than what will wear it


def write_sheet(
    patch: PatchImage, path: Path, options: SheetOptions, controls: Mapping[str, PatchImage] | None = None
) -> SheetReport:
    """Write the PDF for ``patch`` at exactly ``patch.width_mm``, then a page for each control (role → its picture)."""
    pictures, digest = {"patch": patch, **(controls or {})}, patch_digest(patch)[:SHORT_DIGEST]
    size_mm = (patch.width_mm, patch.height_mm)
    plan, pieces, pages = _planned(size_mm, tuple(pictures), digest, options)
    document, caution = Document(options.title, f"physadv {__version__}"), too_large(pieces[0], options)
    drawings = [_drawing(document, piece, pictures.get(piece.role), options) for piece in pieces]
    sheet = _Sheet(document, digest, plan, options)
    if len(pieces[0].layout.tiles) > 1:
        pages += 1
        _add_overview(sheet, pieces, drawings[0], caution)
    for piece, drawing in zip(pieces, drawings, strict=True):
        _add_piece(sheet, piece, drawing)
    write_bytes(path, document.to_bytes())
    layout, boards = pieces[0].layout, tuple(piece.board for piece in pieces if piece.board)
    kept = Boards(digest, options.title, options.seed, boards, float(bar_mm(layout.paper_mm))) if boards else None
    artwork = drawings[0][1] if drawings[0] else None
    dpi = artwork.rgb_u8.shape[1] / artwork.box.width * 25.4 if artwork else options.dpi
    return SheetReport(
        path, pages, layout.rows, layout.columns, layout.paper_mm, size_mm, dpi, digest, plan, kept, caution
    )


def check_sheet(size_mm: tuple[float, float], options: SheetOptions) -> int:
    """The pages that a patch of this size needs. Raises :class:`BadOption` where it cannot be printed so."""
    return _planned(size_mm, ("patch",), "0" * 8, options)[2]


def _planned(
    size_mm: tuple[float, float], roles: tuple[str, ...], digest: str, options: SheetOptions
) -> tuple[TagPlan | None, list[Piece], int]:
    """Tags, pieces and how many pages they need."""
    _check(options)
    plan = choose_tags(options.tags, options.range_m, size_mm, parse_paper(options.paper))
    pieces = [_piece(role, size_mm, plan, digest, options) for role in roles]
    if options.chart:
        pieces.append(_chart(digest, options))
    if (pages := sum(len(piece.layout.tiles) for piece in pieces)) > MAX_PAGES:
        raise BadOption(
            f"all prints together need {pages} pages, over {MAX_PAGES}. "
            "Choose a larger paper, as paper=1000x1400, or controls=false."
        )
    return plan, pieces, pages


def tag_ids(digest: str, role: str) -> Iterator[int]:
    """Ids for the tags of a role: a block of its own, which begins where the patch's digest says."""
    first = int(digest, 16) + _IDS_A_ROLE * ROLES.index(role)
    return iter([(first + step) % IDS for step in range(_IDS_A_ROLE)])


def _check(options: SheetOptions) -> None:
    if not 0 <= options.bleed_mm <= MAX_BLEED_MM:
        raise BadOption(f"bleed_mm must be from 0 to {MAX_BLEED_MM:g}, got {options.bleed_mm}.")
    if options.dpi and not 36 <= options.dpi <= 2400:
        raise BadOption(f"dpi must be from 36 to 2400, or 0 for what the patch is worth, got {options.dpi}.")


def _piece(role: str, size_mm: tuple[float, float], plan: TagPlan | None, digest: str, options: SheetOptions) -> Piece:
    """The patch or a control: bare with bleed, or in the middle of a white board with tags."""
    papers, cut_line, mirror = parse_paper(options.paper), options.cut_line, options.mirror
    if not plan:
        bare = arrange(size_mm, options.bleed_mm, papers)
        return Piece(role, bare, None, size_mm, options.bleed_mm, cut_line=cut_line, mirror=mirror)
    layout = arrange(plan.board_mm(size_mm), 0.0, papers)
    board = Board(role, size_mm, plan.tags(size_mm, tag_ids(digest, role)))
    short = f"{digest} {role}"
    labels = (f"robustness test print  ·  physadv {short}", f"physadv {short}", short)
    return Piece(role, layout, board, size_mm, cut_line=cut_line, mirror=mirror, labels=labels)


def _chart(digest: str, options: SheetOptions) -> Piece:
    grid, paper = fit_chart(parse_paper(options.paper))
    board = chart_board(grid, tag_ids(digest, "chart"), options.seed or 0)
    return Piece("chart", arrange(grid.board_mm, 0.0, (paper,)), board, grid.size_mm, mirror=options.mirror)


def _drawing(document: Document, piece: Piece, picture: PatchImage | None, options: SheetOptions) -> Drawing | None:
    if not picture:
        return None
    artwork = make_artwork(picture, piece.bleed_mm, options.dpi)
    return document.add_image(artwork.rgb_u8, artwork.alpha_u8, smooth=True), artwork


@dataclass(frozen=True)
class _Sheet:
    """All that the pages have in common."""

    document: Document
    digest: str
    plan: TagPlan | None
    options: SheetOptions

    def title(self, piece: Piece) -> str:
        return " · ".join(part for part in (self.options.title, WORDS[piece.role]) if part)

    def facts(self, piece: Piece) -> list[str]:
        """The small lines under the title; what a reader needs most comes first."""
        width_mm, height_mm = piece.picture_mm
        parts = ["robustness test print", f"{width_mm:.5g} x {height_mm:.5g} mm", f"patch {self.digest}"]
        if self.options.seed is not None:
            parts.append(f"seed {self.options.seed}")
        if self.plan and piece.role != "chart":
            parts.append(self.plan.words())
        if self.options.mirror:
            parts.append("mirrored for transfer")
        return [*parts, self.options.note] if self.options.note else parts


def _add_overview(sheet: _Sheet, pieces: Sequence[Piece], drawing: Drawing | None, caution: str) -> None:
    """The page in front of the tiles: every piece is laid out like the first."""
    pages, after = list[tuple[str, int, int]](), 1
    for piece in pieces:
        pages.append((WORDS[piece.role] or "patch", after + 1, after + len(piece.layout.tiles)))
        after = pages[-1][2]
    first = pieces[0]
    canvas = PdfCanvas(first.layout.paper_mm)
    notes = [*size_notes(first, pages), *([caution] if caution else [])]
    draw_overview(canvas, first, drawing, sheet.title(first), sheet.facts(first), notes)
    whole = Box(0, 0, *first.layout.paper_mm)
    sheet.document.add_page(canvas, trim=whole, bleed=whole)


def _add_piece(sheet: _Sheet, piece: Piece, drawing: Drawing | None) -> None:
    """Add the pages of a piece."""
    advice = _advice(piece, outlined=bool(drawing and drawing[1].contours))
    for tile in piece.layout.tiles:
        canvas = PdfCanvas(piece.layout.paper_mm)
        draw_piece(canvas, tile, piece, drawing)
        if len(piece.layout.tiles) > 1:
            tile_marks(canvas, piece.layout, tile)
        draw_header(canvas, piece.layout, tile, sheet.title(piece), sheet.facts(piece))
        draw_footer(canvas, piece.layout, advice, qr_text(sheet.digest, sheet.options.seed, piece.role))
        bleed = tile.trim.grown(piece.bleed_mm).clipped(tile.window)
        sheet.document.add_page(canvas, trim=tile.trim.clipped(tile.window), bleed=bleed)


def too_large(piece: Piece, options: SheetOptions) -> str:
    """One sentence where the print, with its tags or alone, is larger than what will wear it; else nothing."""
    if not options.worn_by:
        return ""
    (label, (wide_mm, tall_mm)), trim = options.worn_by, piece.layout.tiles[0].trim
    there = f"the {label} it is for ({wide_mm:.4g} x {tall_mm:.4g} mm)"
    if piece.picture_mm[0] > wide_mm or piece.picture_mm[1] > tall_mm:
        return f"The patch of {piece.picture_mm[0]:.4g} x {piece.picture_mm[1]:.4g} mm is larger than {there}."
    if piece.board and (trim.width > wide_mm or trim.height > tall_mm):
        return (
            f"With tags the print is {trim.width:.4g} x {trim.height:.4g} mm, larger than {there}. What is judged is "
            "the patch alone: tags=none prints that."
        )
    return ""


def _advice(piece: Piece, *, outlined: bool) -> str:
    """Advice on what to cut and what not."""
    if piece.role == "chart":
        return "Do not cut. Put it flat beside the print, in the same light, and photograph it whole, for the colours."
    control = piece.role in ("grey", "random")
    compare = " Control: film it where the patch was filmed, to compare." if control else ""
    if piece.board:
        frame = "thin frame" if piece.cut_line else "corner marks"
        why = "" if control else " A camera finds the print by them."
        return f"Cut along the {frame}; keep white rim and squares.{why}{compare}"
    if outlined and piece.cut_line:
        return f"Cut along the thin line.{compare}"
    return f"Cut along the corner marks.{compare}"
