"""From a run folder, a safetensors file or any picture to a PDF beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
import torch
from PIL import Image

from physadv.app.config.sheet_options import SheetConfig
from physadv.app.pipelines.sheet import make_sheet
from physadv.core.errors import BadInput, BadOption
from physadv.core.types import PatchImage
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.boards import load_boards
from physadv.library.files.patches import save_patch
from physadv.parts.patches.controls import GREY, PATCH, RANDOM, arms
from tests.running import physadv


@pytest.mark.slow
def test_a_run_folder_gets_its_sheet(tmp_path: Path) -> None:
    run = tmp_path / "my-run"
    save_patch(PatchImage(torch.rand(3, 10, 10), torch.ones(1, 10, 10), 100.0), run)
    assert make_sheet(SheetConfig(patch=str(run))) == run / "sheet.pdf"
    assert make_sheet(SheetConfig(patch=str(run / "patch.png"))) == run / "sheet.pdf"
    with pikepdf.open(run / "sheet.pdf") as pdf:
        assert str(pdf.docinfo.Title) == "my-run"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_any_picture_can_be_printed(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (40, 30), "red" if mode != "L" else 100).convert(mode).save(tmp_path / "a.tif")
    out = make_sheet(
        SheetConfig(patch=str(tmp_path / "a.tif"), width_mm=80, tags="none", out=str(tmp_path / "new" / "b.pdf"))
    )
    with pikepdf.open(out) as pdf:
        left, bottom, right, top = (float(edge) / 72 * 25.4 for edge in pdf.pages[0].TrimBox)
    assert (right - left, top - bottom) == pytest.approx((80, 60), abs=1e-3)


@pytest.mark.slow
def test_no_sheet_of_a_sweep_takes_the_place_of_another(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png")
    options = [f"patch={tmp_path / 'a.png'}", "width_mm=60", f"out={tmp_path / 'b.pdf'}"]
    done = physadv("sheet", "-m", *options, "paper=a4,a3")
    assert done.returncode == 0, done.stderr
    widths = []
    for job in range(2):
        with pikepdf.open(tmp_path / f"b-{job}.pdf") as pdf:
            widths.append(round(float(pdf.pages[0].MediaBox[2]) / 72 * 25.4))
        assert (tmp_path / f"b-{job}-board.json").is_file()
    assert widths[0] != widths[1]
    assert not (tmp_path / "b.pdf").exists()


def test_one_pixel_is_a_patch(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), "red").save(tmp_path / "a.png")
    assert make_sheet(SheetConfig(patch=str(tmp_path / "a.png"), width_mm=100)) == tmp_path / "a-sheet.pdf"


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(BadOption, match="width_mm="):
        make_sheet(SheetConfig(patch=str(tmp_path / "a.png")))
    with pytest.raises(BadOption, match=r"b\.pdf"):
        make_sheet(SheetConfig(patch=str(tmp_path / "a.png"), width_mm=10, out=str(tmp_path / "b.png")))
    with pytest.raises(BadOption, match="patch="):
        make_sheet(SheetConfig())
    with pytest.raises(BadInput, match="absent"):
        make_sheet(SheetConfig(patch=str(tmp_path / "absent")))


def codes_of(path: Path, image: str) -> npt.NDArray[np.uint8]:
    """The pixels of an image in the file, as they are stored."""
    with pikepdf.open(path) as pdf:
        stored = pdf.pages[0].Resources.XObject[image]
        return np.asarray(pikepdf.PdfImage(stored).as_pil_image().convert("RGB"))


def a_run(folder: Path, seed: int) -> PatchImage:
    """A patch of the run with that seed, fine enough to go to the printer texel by texel."""
    patch = PatchImage(torch.rand(3, 120, 200), torch.ones(1, 120, 200), 100.0)
    save_patch(patch, folder)
    (folder / "run.json").write_text(json.dumps({"seed": seed}))
    return patch


def test_controls_on_paper_are_those_of_the_judge(tmp_path: Path) -> None:
    judged = arms(a_run(tmp_path, 5), 5)
    pdf = make_sheet(SheetConfig(patch=str(tmp_path), dpi=36))
    for image, role in (("/Im0", PATCH), ("/Im1", GREY), ("/Im2", RANDOM)):
        expected = rgb_u8_from_srgb(judged[role].srgb).astype(int)
        assert np.abs(codes_of(pdf, image) - expected).max() <= 1  # reading it back applies the profile


def test_the_file_of_the_boards_lies_beside_and_knows_them_all(tmp_path: Path) -> None:
    a_run(tmp_path, 5)
    make_sheet(SheetConfig(patch=str(tmp_path), chart=True))
    boards = load_boards(tmp_path)
    assert [board.role for board in boards.boards] == ["patch", "grey", "random", "chart"]
    assert (boards.seed, boards.name, boards.check_bar_mm) == (5, tmp_path.name, 100.0)
    assert boards.boards[0].size_mm == (100.0, 60.0)
    ids = [tag.id for board in boards.boards for tag in board.tags]
    assert len(ids) == len(set(ids)) == 16
    make_sheet(SheetConfig(patch=str(tmp_path), chart=True, out=str(tmp_path / "other.pdf")))
    assert load_boards(tmp_path / "other-board.json").boards == boards.boards


@pytest.mark.slow
def test_a_plain_sticker_has_neither_tags_nor_controls(tmp_path: Path) -> None:
    a_run(tmp_path, 5)
    with pikepdf.open(make_sheet(SheetConfig(patch=str(tmp_path), tags="none"))) as pdf:
        assert len(pdf.pages) == 1
    assert not (tmp_path / "board.json").exists()
    with pikepdf.open(make_sheet(SheetConfig(patch=str(tmp_path), tags="none", controls=True))) as pdf:
        assert len(pdf.pages) == 3


def test_the_same_run_makes_the_same_bytes(tmp_path: Path) -> None:
    a_run(tmp_path, 5)
    made = [make_sheet(SheetConfig(patch=str(tmp_path), chart=True, dpi=36)).read_bytes() for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.slow
def test_the_file_is_sound(tmp_path: Path) -> None:
    if not shutil.which("qpdf"):
        pytest.skip("needs qpdf to check the PDF")
    a_run(tmp_path, 5)
    for options in ({"width_mm": 300}, {"mirror": True, "tags": "4x40"}, {"paper": "100x200"}):
        path = make_sheet(SheetConfig(patch=str(tmp_path), chart="paper" not in options, dpi=36, **options))  # type: ignore[arg-type]
        subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("range_m=-1", "range_m must be a distance in metres"),
        ("tags=4x200", "larger than the 184 mm that fit on the paper"),
        ("tags=9x9", "4 tags (corners) or 8"),
        ("width_mm=3000 paper=a5", "Choose a larger paper"),
        ("width_mm=3000", "controls=false"),
        ("paper=90x120 tags=none chart=true", "the colour chart needs a larger paper"),
        ("controls=perhaps", "controls"),
    ],
)
def test_nonsense_is_answered_in_one_line(tmp_path: Path, words: str, answer: str) -> None:
    a_run(tmp_path, 5)
    done = physadv("sheet", f"patch={tmp_path}", *words.split())
    assert done.returncode == 2
    assert answer in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.glob("*.pdf"))
