"""Masks of what is in front of the patch: shrunk with their photo, and refused by name where they do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.folder import build_folder
from physadv.parts.scenes.options import CocoConfig, FolderConfig
from tests.parts.scenes.test_coco import write_set
from tests.parts.scenes.test_folder import SURFACE


def half_white(path: Path, size: tuple[int, int]) -> None:
    """White on its left half."""
    path.parent.mkdir(exist_ok=True)
    mask = Image.new("L", size)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    mask.save(path)


def masked(tmp_path: Path, **options: Any) -> Any:
    root = write_set(tmp_path, [(0, [0, 0, 20, 30]), (1, [0, 0, 20, 30])], [(40, 32), (32, 40), (8, 8)])
    return build_coco(CocoConfig(root=str(root), masks="masks", **options))


def test_a_mask_is_shrunk_and_padded_with_its_photo(tmp_path: Path) -> None:
    half_white(tmp_path / "masks" / "0.png", (40, 32))
    half_white(tmp_path / "masks" / "1.png", (32, 40))
    batch = next(masked(tmp_path, long_side_px=20).batches(2, torch.Generator().manual_seed(0)))
    assert batch.visible.shape == (2, 1, 20, 20)
    wide = batch.visible[batch.keys.index("0.png"), 0]
    assert (wide[:16, :9] == 1).all()
    assert (wide[:16, 11:] == 0).all()
    assert (wide[16:] == 1).all()


def test_without_a_mask_in_the_batch_there_is_none(tmp_path: Path) -> None:
    half_white(tmp_path / "masks" / "0.png", (40, 32))
    half_white(tmp_path / "masks" / "1.png", (32, 40))
    seen = {key: batch.visible is not None for batch in masked(tmp_path).sweep(1) for key in batch.keys}
    assert seen == {"0.png": True, "1.png": True, "2.png": False}


@pytest.mark.parametrize(
    ("how", "named"),
    [("missing", "no mask .*1.png"), ("size", "9x9 pixels, but '1.png' is 32x40"), ("black", "black all over"),
     ("folder", "no folder of masks"), ("broken", "1.png")],
)  # fmt: skip
def test_a_bad_mask_explains_itself_before_any_work(tmp_path: Path, how: str, named: str) -> None:
    if how != "folder":
        half_white(tmp_path / "masks" / "0.png", (40, 32))
    if how in ("size", "black"):
        Image.new("L", (9, 9) if how == "size" else (32, 40)).save(tmp_path / "masks" / "1.png")
    if how == "broken":
        (tmp_path / "masks" / "1.png").write_text("hello")
    with pytest.raises(BadInput, match=named) as caught:
        masked(tmp_path)
    assert "\n" not in str(caught.value)


def measured(tmp_path: Path, surfaces: list[dict[str, Any]]) -> Any:
    (tmp_path / "photos").mkdir(exist_ok=True)
    Image.new("RGB", (100, 80), "olive").save(tmp_path / "photos" / "a.jpg")
    (tmp_path / "quads.json").write_text(json.dumps({"a.jpg": surfaces}))
    return build_folder(FolderConfig(root=str(tmp_path / "photos"), quads=str(tmp_path / "quads.json"), label="sign"))


def test_a_measured_surface_may_name_a_mask_beside_the_file(tmp_path: Path) -> None:
    half_white(tmp_path / "front.png", (100, 80))
    (batch,) = measured(tmp_path, [SURFACE | {"mask": "front.png"}, SURFACE]).sweep(1)
    assert float(batch.visible.mean()) == pytest.approx(0.5)
    (bare,) = measured(tmp_path, [SURFACE]).sweep(1)
    assert bare.visible is None


@pytest.mark.parametrize(
    ("mask", "named"), [("gone.png", "no mask .*gone.png"), (7, "name of a picture"), ("", "name")]
)
def test_a_measured_surface_with_a_bad_mask_explains_itself(tmp_path: Path, mask: Any, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        measured(tmp_path, [SURFACE | {"mask": mask}])
