"""A patch comes back from disk as it was, with its size, whichever of its files is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from physadv.core.errors import BadInput, BadOption, BadShape
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.files.patches import load_patch, png_bytes, save_patch


@pytest.fixture
def patch() -> PatchImage:
    numbers = generator(0, "patch")
    return PatchImage(torch.rand(3, 20, 30, generator=numbers), torch.rand(1, 20, 30, generator=numbers), 123.4)


def test_the_exact_file_is_exact(tmp_path: Path, patch: PatchImage) -> None:
    save_patch(patch, tmp_path / "run")
    for path in (tmp_path / "run", tmp_path / "run" / "patch.safetensors"):
        loaded = load_patch(path)
        assert torch.equal(loaded.srgb, patch.srgb)
        assert torch.equal(loaded.alpha, patch.alpha)
        assert loaded.width_mm == 123.4


def test_the_picture_keeps_codes_alpha_and_size(tmp_path: Path, patch: PatchImage) -> None:
    save_patch(patch, tmp_path)
    (tmp_path / "patch.safetensors").unlink()
    loaded = load_patch(tmp_path)
    assert torch.equal((loaded.srgb * 255).round(), (patch.srgb * 255).round())
    assert torch.equal((loaded.alpha * 255).round(), (patch.alpha * 255).round())
    assert loaded.width_mm == 123.4
    with Image.open(tmp_path / "patch.png") as picture:
        assert picture.info["dpi"][0] == pytest.approx(30 / 123.4 * 25.4, rel=0.01)
        assert b"sRGB" in picture.info["icc_profile"].replace(b"\0", b"")


def test_cloth_that_repeats_still_does_from_either_file(patch: PatchImage, tmp_path: Path) -> None:
    save_patch(replace(patch, repeats=True), tmp_path)
    assert load_patch(tmp_path / "patch.safetensors").repeats
    assert load_patch(tmp_path / "patch.png").repeats
    save_patch(patch, tmp_path)
    assert not load_patch(tmp_path / "patch.safetensors").repeats
    assert not load_patch(tmp_path / "patch.png").repeats


def test_the_same_patch_makes_the_same_bytes(patch: PatchImage) -> None:
    assert png_bytes(patch) == png_bytes(patch)


def test_a_foreign_picture_tells_its_size_by_resolution_or_is_asked_for_it(tmp_path: Path) -> None:
    Image.new("RGB", (300, 150), "red").save(tmp_path / "a.png", dpi=(254, 254))
    Image.new("RGB", (300, 150), "red").save(tmp_path / "b.png")
    assert load_patch(tmp_path / "a.png").width_mm == pytest.approx(30, rel=1e-3)
    assert load_patch(tmp_path / "a.png", width_mm=100).height_mm == 50
    assert load_patch(tmp_path / "b.png", width_mm=100).alpha.min() == 1
    with pytest.raises(BadOption, match=r"b\.png.*width_mm="):
        load_patch(tmp_path / "b.png")
    with pytest.raises(BadOption, match="positive"):
        load_patch(tmp_path / "b.png", width_mm=-1)


def test_what_is_no_patch_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "half.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    save_file({"weights": torch.ones(3)}, tmp_path / "other.safetensors")
    save_file({"srgb": torch.full((3, 2, 2), 7.0), "alpha": torch.ones(1, 2, 2)}, tmp_path / "range.safetensors")
    for name in ("half", "other", "range"):
        with pytest.raises(BadInput, match=rf"{name}.*is not a patch"):
            load_patch(tmp_path / f"{name}.safetensors", width_mm=10)
    with pytest.raises(BadInput, match="no such patch"):
        load_patch(tmp_path / "absent")
    with pytest.raises(BadInput, match=r"neither patch\.safetensors"):
        load_patch(tmp_path)
    save_file({"srgb": torch.ones(2, 2, 3), "alpha": torch.ones(1, 2, 2)}, tmp_path / "last.safetensors")
    with pytest.raises(BadInput, match=r"last\.safetensors.*\(3, h, w\), got \(2, 2, 3\)"):
        load_patch(tmp_path / "last.safetensors", width_mm=10)
    save_file({"srgb": torch.ones(3, 2, 2), "alpha": torch.ones(1, 3, 2)}, tmp_path / "shape.safetensors")
    with pytest.raises(BadShape, match="alpha"):
        load_patch(tmp_path / "shape.safetensors", width_mm=10)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("exif.jpg", {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),  # no resolution in it
        ("jfif.jpg", {"dpi": (72, 72)}),
        ("windows.jpg", {"dpi": (96, 96)}),
        ("metre.png", {"dpi": (72, 72)}),
        ("screen.png", {"dpi": (144, 144)}),
        ("one.tif", {"dpi": (1, 1)}),
        ("print.tif", {"dpi": (72, 72)}),
        ("default.bmp", {}),
        ("72.bmp", {"dpi": (72, 72)}),
        ("a.gif", {}),
        ("a.webp", {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
        ("wide.png", {"dpi": (300, 150)}),
        ("a.jp2", {}),
        ("a.avif", {}),
    ],
)
def test_a_resolution_that_nobody_chose_is_no_size(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / name, **options)
    with pytest.raises(BadOption, match=r"does not say how wide.*width_mm="):
        load_patch(tmp_path / name)
    assert load_patch(tmp_path / name, width_mm=90).width_mm == 90


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.bmp"])
def test_a_resolution_that_was_chosen_is_a_size(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (300, 150), "red").save(tmp_path / name, dpi=(254, 254))
    assert load_patch(tmp_path / name).width_mm == pytest.approx(30, rel=2e-3)


def test_centimetres_that_stand_for_72_dpi_are_no_size_either(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.jpg", dpi=(72, 72))
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    at = data.index(b"JFIF\0") + 7
    data[at : at + 5] = b"\x02\x00\x1c\x00\x1c"  # 28 dots a centimetre
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    with pytest.raises(BadOption, match=r"71 dpi, 22\.9 mm, is what programs write"):
        load_patch(tmp_path / "a.jpg")
