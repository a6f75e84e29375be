"""A picture that may change where a mask says, and stays itself elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput
from physadv.parts.patches.artwork import ArtworkRaster, build_artwork
from physadv.parts.patches.options import ArtworkConfig


@pytest.fixture
def made(tmp_path: Path) -> ArtworkRaster:
    """Red, and free in its right half."""
    Image.new("RGB", (40, 20), (200, 30, 30)).save(tmp_path / "art.png")
    mask = Image.new("L", (40, 20), 0)
    mask.paste(255, (20, 0, 40, 20))
    mask.save(tmp_path / "mask.png")
    config = ArtworkConfig(
        width_mm=40, height_mm=20, px_per_100mm=100, artwork=str(tmp_path / "art.png"),
        may_change=str(tmp_path / "mask.png"),
    )  # fmt: skip
    return build_artwork(config)


def test_it_begins_as_the_artwork(made: ArtworkRaster) -> None:
    assert torch.allclose(made().srgb[:, 5, 5] * 255, torch.tensor([200.0, 30.0, 30.0]), atol=0.6)


def test_only_what_may_change_changes(made: ArtworkRaster) -> None:
    before = made().srgb.detach()
    made().srgb.sum().backward()
    assert made.srgb.grad is not None
    with torch.no_grad():
        made.srgb.fill_(0.5)
    made.project_()
    after = made().srgb.detach()
    assert torch.equal(after[:, :, :18], before[:, :, :18])
    assert (after[:, :, 22:] == 0.5).all()
    assert (made.srgb.grad[:, :, :18] == 0).all()


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(BadInput):
        build_artwork(ArtworkConfig(artwork=str(tmp_path / "no.png")))
