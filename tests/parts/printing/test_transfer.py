"""A transfer is the patch in a mirror, as large as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from physadv.app.config.sheet_options import SheetConfig
from physadv.app.pipelines.sheet import make_sheet
from physadv.core.types import PatchImage
from physadv.library.files.boards import load_boards
from physadv.library.files.patches import save_patch
from physadv.parts.printing.transfer import write_transfer
from tests.parts.printing.rendering import tags_px


def red_left(alpha: torch.Tensor | None = None) -> PatchImage:
    srgb = torch.zeros(3, 20, 40)
    srgb[0, :, :20] = 1
    return PatchImage(srgb, torch.ones(1, 20, 40) if alpha is None else alpha, 100.0)


def test_what_was_left_is_right_and_millimetres_are_kept(tmp_path: Path) -> None:
    with Image.open(write_transfer(red_left(), tmp_path / "transfer.png", 150)) as picture:
        codes = np.array(picture)
        assert picture.size[0] / picture.info["dpi"][0] * 25.4 == pytest.approx(100, abs=0.05)
        assert picture.info["icc_profile"]
    assert codes[10, 5].tolist() == [0, 0, 0, 255]
    assert codes[10, -5].tolist() == [255, 0, 0, 255]


def test_nothing_is_printed_round_the_patch(tmp_path: Path) -> None:
    alpha = torch.zeros(1, 20, 40)
    alpha[:, :, :10] = 1
    with Image.open(write_transfer(red_left(alpha), tmp_path / "transfer.png", 100)) as picture:
        codes = np.array(picture)
    assert codes[:, : codes.shape[1] // 2, 3].max() == 0
    assert codes[:, -20:, 3].min() == 255


def test_tags_come_along_when_asked_for(tmp_path: Path) -> None:
    save_patch(red_left(), tmp_path)
    make_sheet(SheetConfig(patch=str(tmp_path), transfer=True, tags="4x40"))
    (board,) = (board for board in load_boards(tmp_path).boards if board.role == "patch")
    with Image.open(tmp_path / "sheet-transfer.png") as picture:
        mm = 25.4 / picture.info["dpi"][0]
        shown = np.ascontiguousarray(np.array(picture)[:, ::-1, :3])
    middle = (shown.shape[1] / 2, shown.shape[0] / 2)
    found = {i: (corners + 0.5 - middle) * mm for i, corners in tags_px(shown).items()}
    assert sorted(found) == sorted(tag.id for tag in board.tags)
    for tag in board.tags:
        assert found[tag.id] == pytest.approx(np.array(tag.corners_mm), abs=0.15)
    height, width = shown.shape[:2]
    assert shown[height // 2, width // 2 - round(20 / mm)].tolist() == [255, 0, 0]


def test_a_transfer_has_no_tags_unless_asked(tmp_path: Path) -> None:
    save_patch(red_left(), tmp_path)
    make_sheet(SheetConfig(patch=str(tmp_path), transfer=True))
    assert not (tmp_path / "board.json").exists()
    with Image.open(tmp_path / "sheet-transfer.png") as picture:
        assert picture.size[0] / picture.info["dpi"][0] * 25.4 == pytest.approx(100, abs=0.05)


def test_the_sheet_command_makes_one_beside_the_pdf(tmp_path: Path) -> None:
    save_patch(red_left(), tmp_path)
    make_sheet(SheetConfig(patch=str(tmp_path)))
    assert not (tmp_path / "sheet-transfer.png").exists()
    make_sheet(SheetConfig(patch=str(tmp_path), transfer=True))
    assert (tmp_path / "sheet-transfer.png").is_file()
