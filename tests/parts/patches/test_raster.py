"""A raster prints what its options say, learns where it has material, and refuses nonsense in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput, BadOption
from physadv.parts.patches.entries import physadv_patches
from physadv.parts.patches.options import RasterConfig
from physadv.parts.patches.raster import build_raster


def test_millimetres_and_resolution_make_the_grid() -> None:
    patch = build_raster(RasterConfig(width_mm=300, height_mm=150, px_per_100mm=64))()
    assert patch.srgb.shape == (3, 96, 192)
    assert (patch.width_mm, patch.height_mm) == (300, 150)
    assert patch.srgb.unique() == 0.5


def test_the_same_seed_starts_from_the_same_noise() -> None:
    first, again, other = (build_raster(RasterConfig(init="random", seed=seed))().srgb.detach() for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.std() == pytest.approx(12**-0.5, abs=0.01)


def test_a_step_out_of_range_is_brought_back() -> None:
    raster = build_raster(RasterConfig(px_per_100mm=10))
    with torch.no_grad():
        raster.srgb[0] = 1.7
    raster.project_()
    assert raster.srgb.max() == 1
    raster().srgb.sum().backward()
    assert (raster.srgb.grad == 1).all()  # a colour at the end of the range can come back


def test_a_state_comes_back_exactly() -> None:
    raster = build_raster(RasterConfig(init="random", shape="disc", px_per_100mm=10))
    other = build_raster(RasterConfig(shape="disc", px_per_100mm=10))
    other.load_state_dict(raster.state_dict())
    assert torch.equal(other().srgb, raster().srgb)


def test_a_picture_can_be_the_mask_and_the_start(tmp_path: Path) -> None:
    Image.new("RGBA", (7, 9), (255, 0, 0, 128)).save(tmp_path / "a.png")
    Image.new("L", (1, 1), 255).save(tmp_path / "white.png")
    patch = build_raster(RasterConfig(shape=str(tmp_path / "a.png"), init=str(tmp_path / "white.png")))()
    assert patch.alpha.unique() == pytest.approx(128 / 255)
    assert patch.srgb.unique() == 1


def test_a_run_folder_is_the_start_by_its_patch(tmp_path: Path) -> None:
    Image.new("RGB", (5, 3), (255, 0, 0)).save(tmp_path / "patch.png")
    red = build_raster(RasterConfig(init=str(tmp_path)))().srgb
    assert red.amin((1, 2)).tolist() == [1, 0, 0]


def test_a_folder_without_a_patch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"run folder with a patch\.png"):
        build_raster(RasterConfig(init=str(tmp_path)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width_mm": 0}, "width_mm"),
        ({"width_mm": float("nan")}, "width_mm"),
        ({"height_mm": -3}, "height_mm"),
        ({"height_mm": 1e6}, "height_mm"),
        ({"px_per_100mm": 0}, "px_per_100mm"),
        ({"px_per_100mm": float("inf")}, "px_per_100mm"),
        ({"px_per_100mm": 1e5}, "million texels"),
        ({"px_per_100mm": 0.01}, "no texel"),
        ({"shape": "hexagon"}, "octagon"),
        ({"init": "no-such.png"}, "random"),
    ],
)
def test_nonsense_is_refused_by_name(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        build_raster(RasterConfig(**options))


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (9, 9, 9, 0)).save(tmp_path / "nothing.png")
    with pytest.raises(BadInput, match=r"nothing\.png.*empty"):
        build_raster(RasterConfig(shape=str(tmp_path / "nothing.png")))


def test_the_row_builds_its_own_defaults() -> None:
    entry = next(entry for entry in physadv_patches() if entry.name == "raster")
    assert entry.build(entry.config())().srgb.shape == (3, 192, 320)
