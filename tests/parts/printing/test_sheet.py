"""The PDF says, and a renderer shows, that millimetres on screen are millimetres on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadOption, BadOutput
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.parts.printing.layout import OVERLAP_MM, arrange, parse_paper
from physadv.parts.printing.sheet import SheetOptions, write_sheet
from tests.parts.printing.rendering import rendered, written

MM = 72 / 25.4


def a_patch(width_mm: float = 150.0, texels: int = 30, alpha: Tensor | None = None) -> PatchImage:
    srgb = torch.rand(3, texels, texels, generator=generator(0, "patch")) * 0.8
    return PatchImage(srgb, torch.ones(1, texels, texels) if alpha is None else alpha, width_mm)


def box_mm(array: pikepdf.Array) -> list[float]:
    return [float(value) / MM for value in array]


def images_mm(page: pikepdf.Page) -> list[tuple[float, ...]]:
    """Width, height, left and bottom of every image drawn, by the page's own operators."""
    number = r"(-?\d+\.\d+)"
    found = re.findall(
        rf"q {number} 0 0 {number} {number} {number} cm /Im\d+ Do", page.Contents.read_bytes().decode("cp1252")
    )
    return [tuple(float(value) / MM for value in match) for match in found]


def test_the_patch_is_placed_in_exact_millimetres(tmp_path: Path) -> None:
    report = write_sheet(a_patch(150.0), tmp_path / "sheet.pdf", SheetOptions(bleed_mm=0.0))
    assert (report.pages, report.patch_mm, report.paper_mm) == (1, (150.0, 150.0), (210.0, 297.0))
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        (page,) = pdf.pages
        assert box_mm(page.MediaBox) == pytest.approx([0, 0, 210, 297], abs=1e-3)
        left, bottom, right, top = box_mm(page.TrimBox)
        assert (right - left, top - bottom) == pytest.approx((150, 150), abs=1e-3)
        assert images_mm(page) == [pytest.approx((150, 150, left, bottom), abs=1e-3)]


def test_bleed_lies_round_the_trim_and_is_printed(tmp_path: Path) -> None:
    write_sheet(a_patch(150.0), tmp_path / "sheet.pdf", SheetOptions(bleed_mm=3.0))
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        trim, bleed = box_mm(pdf.pages[0].TrimBox), box_mm(pdf.pages[0].BleedBox)
        assert np.subtract(bleed, trim) == pytest.approx([-3, -3, 3, 3], abs=1e-3)
        ((width, _, left, _),) = images_mm(pdf.pages[0])
        assert (width, left) == pytest.approx((160, trim[0] - 5), abs=1e-3)  # one texel of 5 mm, clipped to the bleed


def test_printers_are_told_not_to_scale_and_which_colours_these_are(tmp_path: Path) -> None:
    write_sheet(a_patch(), tmp_path / "sheet.pdf", SheetOptions(title="Stop (sign)"))
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        assert pdf.Root.ViewerPreferences.PrintScaling == pikepdf.Name("/None")
        assert pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes()[12:20] == b"mntrRGB "
        image = pdf.pages[0].Resources.XObject.Im0
        assert image.ColorSpace[0] == pikepdf.Name.ICCBased
        assert "/SMask" not in image
        assert str(pdf.docinfo.Title) == "Stop (sign)"


def test_the_image_in_the_file_is_lossless(tmp_path: Path) -> None:
    patch = a_patch(25.4, 300)
    codes = (patch.srgb * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    write_sheet(patch, tmp_path / "sheet.pdf", SheetOptions(bleed_mm=0.0))
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        stored = np.asarray(pikepdf.PdfImage(pdf.pages[0].Resources.XObject.Im0).as_pil_image().convert("RGB"))
    assert np.abs(stored.astype(int) - codes).max() <= 1  # PdfImage applies the profile


@pytest.mark.slow
@pytest.mark.parametrize("paper", ["a4", "100x110"])
def test_a_mirrored_sheet_shows_left_what_was_right(tmp_path: Path, paper: str) -> None:
    shown = []
    for mirror in (False, True):
        path = tmp_path / f"{mirror}.pdf"
        write_sheet(a_patch(100.0, 10), path, SheetOptions(bleed_mm=0.0, mirror=mirror, paper=paper))
        with pikepdf.open(path) as pdf:
            for page, image in [*zip(pdf.pages, rendered(path, 50), strict=True)][len(pdf.pages) > 1 :]:
                left, bottom, right, top = box_mm(page.TrimBox)
                height = image.shape[0] / 50 * 25.4
                rows, columns = (slice(round(a * 50 / 25.4) + 2, round(b * 50 / 25.4) - 2) for a, b in
                                 ((height - top, height - bottom), (left, right)))  # fmt: skip
                shown.append(image[rows, columns].astype(int))
    half = len(shown) // 2
    columns = 1 if half == 1 else 2
    for row in range(half // columns):
        for column in range(columns):
            plain, mirrored = shown[row * columns + column], shown[half + row * columns + columns - 1 - column]
            height, width = (min(sides) for sides in zip(plain.shape[:2], mirrored.shape[:2], strict=True))
            plain, mirrored = plain[:height, :width], mirrored[:height, -width:]
            assert np.abs(plain - mirrored[:, ::-1]).mean() < 12  # half a pixel of shift
            assert np.abs(plain - mirrored).mean() > 25


def test_tiles_share_one_image(tmp_path: Path) -> None:
    report = write_sheet(a_patch(300.0), tmp_path / "sheet.pdf", SheetOptions(dpi=72))
    assert (report.pages, report.rows, report.columns) == (5, 2, 2)  # with the overview
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        assert len({page.Resources.XObject.Im0.objgen for page in pdf.pages}) == 1
    assert "row 2, column 1" in written(tmp_path / "sheet.pdf")[3]


def test_an_overview_in_front_says_what_the_pages_become(tmp_path: Path) -> None:
    options = SheetOptions(title="Знак", tags="4x60", worn_by=("stop sign", (500.0, 500.0)))
    report = write_sheet(a_patch(400.0), tmp_path / "sheet.pdf", options, {"grey": a_patch(400.0)})
    front, *tiles = written(tmp_path / "sheet.pdf")
    count = report.rows * report.columns
    pages = f"patch: pages 2 to {1 + count}; grey control: pages {2 + count} to {1 + 2 * count}"
    for words in ("Знак", "overview, not to scale", "560 x 560 mm", pages, "larger than the stop sign"):
        assert words in " ".join(front.split())
    assert "overview" not in "".join(tiles)
    assert "tags=none" in report.caution


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tags", "worn_mm", "says"),
    [("none", 420.0, ""), ("4x60", 420.0, "With tags"), ("none", 380.0, "The patch of"), ("4x60", 900.0, "")],
)
def test_a_print_that_is_larger_than_what_wears_it_is_said(
    tmp_path: Path, tags: str, worn_mm: float, says: str
) -> None:
    options = SheetOptions(tags=tags, worn_by=("stop sign", (worn_mm, worn_mm)), dpi=36)
    report = write_sheet(a_patch(400.0), tmp_path / "sheet.pdf", options)
    assert report.caution.startswith(says)
    assert bool(report.caution) == bool(says)


def test_a_sticker_of_60_000_texels_is_a_file_that_can_be_sent(tmp_path: Path) -> None:
    noise = torch.rand(3, 192, 320, generator=torch.Generator().manual_seed(0))  # nothing compresses worse
    patch = PatchImage(noise, torch.ones(1, 192, 320), 500.0)
    write_sheet(patch, tmp_path / "sheet.pdf", SheetOptions(tags="auto"), {"random": patch})
    assert (tmp_path / "sheet.pdf").stat().st_size < 3e6


def test_lettering_is_in_the_file(tmp_path: Path) -> None:
    write_sheet(a_patch(), tmp_path / "sheet.pdf", SheetOptions(title="Schild ß, знак"))
    with pikepdf.open(tmp_path / "sheet.pdf") as pdf:
        fonts = pdf.pages[0].Resources.Font
        assert all("/FontFile2" in font.DescendantFonts[0].FontDescriptor for font in fonts.values())
        assert pdf.Root.ViewerPreferences.Duplex == pikepdf.Name.Simplex
    (page,) = written(tmp_path / "sheet.pdf")
    assert "Schild ß, знак" in page


@pytest.mark.slow
@pytest.mark.parametrize("paper", ["a4", "letter", "a5"])
def test_no_line_of_the_header_is_cut(tmp_path: Path, paper: str) -> None:
    options = SheetOptions(paper=paper, tags="8x100", seed=123456, note="for the yard, north gate")
    write_sheet(a_patch(500.0), tmp_path / "sheet.pdf", options)
    for page in written(tmp_path / "sheet.pdf"):
        words = " ".join(page.split())
        assert "8 tags of 100 mm, found to about 7 m" in words
        assert "north gate" in words
        assert "…" not in words


@pytest.mark.slow
def test_the_same_patch_makes_the_same_file(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        write_sheet(a_patch(), tmp_path / name, SheetOptions(dpi=72))
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_the_file_is_sound(tmp_path: Path) -> None:
    if not shutil.which("qpdf"):
        pytest.skip("needs qpdf to check the PDF")
    disc = torch.zeros(1, 30, 30)
    disc[:, 5:25, 8:20] = 1
    write_sheet(a_patch(300.0, alpha=disc), tmp_path / "sheet.pdf", SheetOptions(title="\\ ( ü 中", dpi=72))
    subprocess.run(["qpdf", "--check", str(tmp_path / "sheet.pdf")], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize(("dpi", "within_mm"), [(300, 0.15), (600, 0.08)])
def test_a_rendered_page_measures_true(tmp_path: Path, dpi: int, within_mm: float) -> None:
    patch = PatchImage(torch.zeros(3, 10, 10), torch.ones(1, 10, 10), 50.0)  # black, so that edges are clear
    write_sheet(patch, tmp_path / "sheet.pdf", SheetOptions(paper="150x150", bleed_mm=0.0))
    (page,) = rendered(tmp_path / "sheet.pdf", dpi)
    dark = page[..., 0] < 128
    mm = 25.4 / dpi
    middle = round(dark.shape[0] * (8 + 9 + (150 - 39) / 2) / 150)
    assert dark[middle].sum() * mm == pytest.approx(50, abs=within_mm)
    bar = max(dark[round(135 / mm) :, : round(115 / mm)], key=np.count_nonzero)  # the QR code is on the right
    assert np.count_nonzero(bar) * mm == pytest.approx(100, abs=within_mm)


@pytest.mark.slow
def test_tiles_joined_make_the_whole_sheet(tmp_path: Path) -> None:
    patch, dpi = a_patch(240.0, 24), 100
    write_sheet(patch, tmp_path / "whole.pdf", SheetOptions(paper="400x400", dpi=100))
    write_sheet(patch, tmp_path / "tiles.pdf", SheetOptions(dpi=100))
    layout = arrange((240, 240), 3.0, parse_paper("a4"))
    (whole,) = rendered(tmp_path / "whole.pdf", dpi)
    (only,) = arrange((240, 240), 3.0, parse_paper("400x400")).tiles
    for tile, page in zip(layout.tiles, rendered(tmp_path / "tiles.pdf", dpi)[1:], strict=True):
        assert page.shape[0] == pytest.approx(layout.paper_mm[1] / 25.4 * dpi, abs=1)
        shift = only.trim.x - tile.trim.x, only.trim.y - tile.trim.y
        x, y = tile.window.x + 1, tile.window.y + 1
        width, height = (round((side - 2) / 25.4 * dpi) for side in (tile.window.width, tile.window.height))
        seen = [_crop(image, x + dx, y + dy, width, height, dpi) for image, dx, dy in ((page, 0, 0), (whole, *shift))]
        assert (seen[0] - seen[1]).abs().mean() < 6  # both are shifted by up to half a pixel
    assert layout.tiles[0].window.width > OVERLAP_MM


def _crop(image: npt.NDArray[np.uint8], x_mm: float, y_mm: float, width: int, height: int, dpi: int) -> Tensor:
    left, top = round(x_mm / 25.4 * dpi), round(y_mm / 25.4 * dpi)
    return torch.from_numpy(image[top : top + height, left : left + width].copy()).float()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (SheetOptions(paper="a9"), "paper="),
        (SheetOptions(bleed_mm=-1.0), "bleed_mm"),
        (SheetOptions(bleed_mm=float("nan")), "bleed_mm"),
        (SheetOptions(dpi=12.0), "dpi"),
        (SheetOptions(dpi=float("nan")), "dpi"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, options: SheetOptions, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        write_sheet(a_patch(), tmp_path / "sheet.pdf", options)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadOutput, match=r"sheet\.pdf"):
        write_sheet(a_patch(), tmp_path / "file" / "sheet.pdf", SheetOptions())
