"""Pictures to compare: of every patch, for detectors and for classifiers, with what was reported in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage
from physadv.engines.judging.evaluate import evaluate
from physadv.library.report.pictures import contact_sheet
from physadv.library.report.pictures.pair_pictures import save_pairs
from physadv.library.report.pictures.pairs import read_pairs
from physadv.parts.patches.controls import PatchUnderTest
from tests.engines.judging.toy_trial import quiet, trial

BOX = (0.0, 0.0, 60.0, 40.0)


def row(*marks: contact_sheet.ReportMark) -> contact_sheet.ObjectRow:
    tile = contact_sheet.ArmTile("patch", torch.rand(3, 40, 60), marks)
    return contact_sheet.ObjectRow("fails", "", "stop sign", BOX, (replace(tile, arm="clean"), tile))


@pytest.mark.slow
def test_every_patch_is_shown_beside_clean_and_grey(tmp_path: Path) -> None:
    white = PatchImage(torch.ones(3, 8, 8), torch.ones(1, 8, 8), 16.0)
    evaluate(trial(others=(PatchUnderTest("white", white),)), tmp_path, quiet)
    pairs: list[dict[str, Any]] = json.loads((tmp_path / "pairs" / "pairs.json").read_text())["pairs"]
    assert [p["condition"] for p in pairs[0]["pictures"]] == ["clean", "grey", "patch", "white"]
    assert [p["role"] for p in pairs[0]["pictures"]] == ["clean", "control", "patch", "patch"]
    for pair in pairs:
        assert " detected, " in pair["pictures"][0]["outcome"]
        for picture in pair["pictures"]:
            with Image.open(tmp_path / "pairs" / picture["file"]) as seen:
                assert seen.size == contact_sheet.TILE_PX


def test_a_box_around_the_whole_picture_is_drawn(tmp_path: Path) -> None:
    save_pairs(
        [row(contact_sheet.ReportMark(BOX, "bus", 0.7, own=False))],
        {"clean": "clean", "patch": "patch"},
        "net",
        tmp_path,
    )
    found = read_pairs(tmp_path)
    assert found["victim"] == "net"
    assert (found["pairs"][0]["words"], found["pairs"][0]["middle"]) == ("fails", 50)
    assert found["pairs"][0]["pictures"][1]["outcome"] == "stop sign taken for bus, 70 %"
    assert found["pairs"][0]["pictures"][1]["data"].startswith("data:image/jpeg;base64,")


def test_outcomes_are_told_in_words() -> None:
    seen = row(contact_sheet.ReportMark(BOX, "stop sign", 0.934, own=True))
    assert contact_sheet.outcome(seen.tiles[1], seen) == "detected, 93 %"
    nothing = row(contact_sheet.ReportMark((50.0, 30.0, 59.0, 39.0), "stop sign", 0.9, own=True))
    assert contact_sheet.outcome(nothing.tiles[1], nothing) == "not detected"


def test_no_pictures_are_no_pairs_and_a_broken_list_is_named(tmp_path: Path) -> None:
    assert read_pairs(tmp_path) == {}
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "pairs.json").write_text('{"pairs": [{"title": "x"}]}')
    with pytest.raises(BadInput, match=r"pairs\.json is not a list of pictures"):
        read_pairs(tmp_path)


def test_a_list_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (tmp_path / "pairs").mkdir()
    shot = {"condition": "clean", "role": "clean", "file": "../secret.jpg", "outcome": ""}
    listed = {"victim": "v", "pairs": [{"title": "x", "note": "", "label": "y", "pictures": [shot]}]}
    (tmp_path / "pairs" / "pairs.json").write_text(json.dumps(listed))
    assert read_pairs(tmp_path)["pairs"] == []
