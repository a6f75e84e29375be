"""From a run folder, a safetensors file or any picture to a PDF beside it."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
import torch
from PIL import Image

from physadv.config.sheet_options import SheetConfig
from physadv.errors import BadInput, BadOption
from physadv.patch_files import save_patch
from physadv.pipelines.sheet import make_sheet
from physadv.types import PatchImage


def test_a_run_folder_gets_its_sheet(tmp_path: Path) -> None:
    run = tmp_path / "my-run"
    save_patch(PatchImage(torch.rand(3, 10, 10), torch.ones(1, 10, 10), 100.0), run)
    assert make_sheet(SheetConfig(patch=str(run))) == run / "sheet.pdf"
    assert make_sheet(SheetConfig(patch=str(run / "patch.png"))) == run / "sheet.pdf"
    with pikepdf.open(run / "sheet.pdf") as pdf:
        assert str(pdf.docinfo.Title) == "my-run"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_any_picture_can_be_printed(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (40, 30), "red" if mode != "L" else 100).convert(mode).save(tmp_path / "a.tif")
    out = make_sheet(SheetConfig(patch=str(tmp_path / "a.tif"), width_mm=80, out=str(tmp_path / "new" / "b.pdf")))
    with pikepdf.open(out) as pdf:
        left, bottom, right, top = (float(edge) / 72 * 25.4 for edge in pdf.pages[0].TrimBox)
    assert (right - left, top - bottom) == pytest.approx((80, 60), abs=1e-3)


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
