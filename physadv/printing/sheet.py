"""Print-ready PDF at true size: bleed, crop marks, a check bar, and tiles where the paper is smaller than the patch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from physadv import __version__
from physadv.atomic import write_bytes
from physadv.colour import rgb_u8_from_srgb
from physadv.errors import BadOption
from physadv.printing.artwork import Artwork, make_artwork
from physadv.printing.layout import Box, Tile, arrange, parse_paper
from physadv.printing.marks import crop_marks, draw_footer, draw_header, tile_marks
from physadv.printing.pdf import Canvas, Document
from physadv.types import PatchImage

MAX_BLEED_MM = 20.0
CUT_LINE_MM, CUT_LINE_GREY = 0.1, 0.5


@dataclass(frozen=True)
class SheetOptions:
    """How a patch goes to paper."""

    paper: str = "a4"  # a5, a4, a3, letter (turned if that saves pages), or WIDTHxHEIGHT in mm
    bleed_mm: float = 3.0  # colour beyond the edge, so that cutting inaccurately shows no paper
    mirror: bool = False  # for transfers that are ironed on face down
    cut_line: bool = True  # thin grey line round shapes that are not rectangles
    dpi: float = 300.0  # dots an inch to upsample to
    title: str = "patch"
    note: str = ""  # for the record, e.g. the seed


@dataclass(frozen=True)
class SheetReport:
    """What was written."""

    path: Path
    pages: int
    rows: int
    columns: int
    paper_mm: tuple[float, float]
    patch_mm: tuple[float, float]
    dpi: float  # of the image as printed
    digest: str  # of the patch, as printed on the sheet


def write_sheet(patch: PatchImage, path: Path, options: SheetOptions) -> SheetReport:
    """Write the PDF for ``patch`` at exactly ``patch.width_mm``."""
    if not 0 <= options.bleed_mm <= MAX_BLEED_MM:
        raise BadOption(f"bleed_mm must be from 0 to {MAX_BLEED_MM:g}, got {options.bleed_mm}.")
    if not 36 <= options.dpi <= 2400:
        raise BadOption(f"dpi must be from 36 to 2400, got {options.dpi}.")
    size_mm = patch.width_mm, patch.height_mm
    layout = arrange(size_mm, options.bleed_mm, parse_paper(options.paper))
    digest = patch_digest(patch)
    if options.mirror:
        patch = replace(patch, srgb=patch.srgb.flip(2), alpha=patch.alpha.flip(2))
    artwork = make_artwork(patch, options.bleed_mm, options.dpi)
    document = Document(options.title, f"physadv {__version__}")
    image = document.add_image(artwork.rgb_u8, artwork.alpha_u8)
    facts = _facts(size_mm, digest, options)
    for tile in layout.tiles:
        canvas = Canvas(layout.paper_mm)
        _draw_artwork(canvas, tile, image, artwork, options.bleed_mm, cut_line=options.cut_line)
        if len(layout.tiles) > 1:
            tile_marks(canvas, layout, tile)
        draw_header(canvas, layout, tile, options.title, facts)
        draw_footer(canvas, layout)
        bleed = tile.trim.grown(options.bleed_mm).clipped(tile.window)
        document.add_page(canvas, trim=tile.trim.clipped(tile.window), bleed=bleed)
    write_bytes(path, document.to_bytes())
    dpi = artwork.rgb_u8.shape[1] / artwork.box.width * 25.4
    return SheetReport(path, len(layout.tiles), layout.rows, layout.columns, layout.paper_mm, size_mm, dpi, digest)


def patch_digest(patch: PatchImage) -> str:
    """Eight hexadecimal digits that tell prints apart: of the 8-bit colours, the mask and the width."""
    content = hashlib.sha256(rgb_u8_from_srgb(patch.srgb).tobytes())
    content.update(rgb_u8_from_srgb(patch.alpha.expand(3, -1, -1))[..., 0].tobytes())
    content.update(f"{patch.width_mm:.3f}".encode())
    return content.hexdigest()[:8]


def _draw_artwork(canvas: Canvas, tile: Tile, image: str, artwork: Artwork, bleed_mm: float, *, cut_line: bool) -> None:
    """The part of patch, bleed, cut line and crop marks that this page's window shows."""
    trim = tile.trim
    canvas.clip(tile.window)
    canvas.clip(trim.grown(bleed_mm))
    canvas.image(image, Box(trim.x + artwork.box.x, trim.y + artwork.box.y, artwork.box.width, artwork.box.height))
    canvas.restore()
    for contour in artwork.contours if cut_line else ():
        points = [(trim.x + x, trim.y + y) for x, y in contour.tolist()]
        canvas.line(points, CUT_LINE_MM, CUT_LINE_GREY)
    crop_marks(canvas, trim, bleed_mm)
    canvas.restore()


def _facts(size_mm: tuple[float, float], digest: str, options: SheetOptions) -> str:
    """The small line under the title."""
    parts = [f"{size_mm[0]:.5g} x {size_mm[1]:.5g} mm", "robustness test print", f"patch {digest}", options.note]
    if options.mirror:
        parts.append("mirrored for transfer")
    return "  ·  ".join(part for part in parts if part)
