"""The proof says how far print is from screen, over the material alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from physadv.core.types import PatchImage
from physadv.engines.judging.soft_proof import write_proof
from physadv.library.files.patches import load_patch
from physadv.parts.printing.entries import build_ink
from physadv.parts.printing.options import InkConfig


def test_what_prints_as_asked_differs_by_nothing_and_what_does_not_is_counted(tmp_path: Path) -> None:
    ink = build_ink(InkConfig(white=[0.5, 0.5, 0.5]))
    assert ink is not None
    srgb, alpha = torch.zeros(3, 2, 4), torch.ones(1, 2, 4)
    srgb[:, :, 0] = 1  # white becomes grey; black stays
    write_proof(PatchImage(srgb, alpha, 40.0), None, ink, tmp_path)
    found = json.loads((tmp_path / "proof.json").read_text())
    (row,) = found["rows"]
    assert "reflectance 0 to 0.5" in found["ink"]
    assert row["share_visible"] == pytest.approx(0.25)
    assert row["mean"] == pytest.approx(row["max"] / 4)
    assert row["max"] == pytest.approx(15.27, abs=0.02)  # L* 100 and 76.07, over S_L 1.567
    assert load_patch(tmp_path / "proof.png").width_mm == 40
    assert not (tmp_path / "asked.png").exists()


def test_colours_outside_the_material_do_not_count(tmp_path: Path) -> None:
    ink = build_ink(InkConfig(colours="coated-offset"))
    assert ink is not None
    srgb, alpha = torch.full((3, 4, 4), 0.5), torch.ones(1, 4, 4)
    srgb[:, 0], alpha[:, 0] = torch.tensor([0.0, 1.0, 0.0])[:, None], 0.0
    patch = PatchImage(srgb, alpha, 40.0)
    write_proof(patch, patch, ink, tmp_path)
    asked, own = json.loads((tmp_path / "proof.json").read_text())["rows"]
    assert asked["max"] < 2.3
    assert own["max"] == asked["max"]
    assert (tmp_path / "asked.png").is_file()
