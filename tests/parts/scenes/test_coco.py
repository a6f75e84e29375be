"""COCO folders: geometry to the pixel, unequal sizes, and every spoilt file explains itself."""

from __future__ import annotations

import json
import logging
import os
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput, BadOption, PhysadvError
from physadv.parts.scenes.annotated import GREY, AnnotatedPhotos
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig


def write_set(root: Path, boxes: list[tuple[int, Any]], sizes: list[tuple[int, int]], **extra: Any) -> Path:
    """Images ``0.png``, ``1.png``, … of ``(width, height)``; boxes are (image, xywh), all of category 1."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    for i, size in enumerate(sizes):
        codes = np.random.default_rng(i).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(codes).save(root / "images" / f"{i}.png")
    content = {
        "images": [{"id": i, "file_name": f"{i}.png", "width": w, "height": h} for i, (w, h) in enumerate(sizes)],
        "annotations": [{"id": 10 + i, "image_id": im, "category_id": 1, "bbox": b} for i, (im, b) in enumerate(boxes)],
        "categories": [{"id": 1, "name": "person"}, {"id": 7, "name": "stop sign"}],
    } | extra
    (root / "annotations.json").write_text(json.dumps(content))
    return root


def source(root: Path, **options: Any) -> AnnotatedPhotos:
    return build_coco(CocoConfig(root=str(root), **options))


def test_a_box_gives_the_scale_and_place_of_its_surface(tmp_path: Path) -> None:
    scenes = source(write_set(tmp_path, [(0, [10, 20, 30, 85])], [(64, 128)]))
    (batch,) = scenes.sweep(4)
    head_and_feet = torch.tensor([[0.0, 0.0], [-850.0, 850.0], [1.0, 1.0]])
    x, y, _ = batch.image_from_surface[0] @ head_and_feet
    assert x.tolist() == pytest.approx([24.5, 24.5])
    assert y.tolist() == pytest.approx([19.5, 104.5])  # edges 20 and 105, pixel centres at integers
    assert batch.boxes_xyxy_px.tolist() == [[10, 20, 40, 105]]
    assert batch.label_names == ("person", "stop sign")


def test_small_and_crowded_objects_stay_but_do_not_wear(tmp_path: Path) -> None:
    boxes = [(0, [0, 0, 20, 60]), (0, [20, 0, 20, 40]), (0, [40, 0, 20, 60])]
    root = write_set(tmp_path, boxes, [(64, 64)])
    content = json.loads((root / "annotations.json").read_text())
    content["annotations"][2]["iscrowd"] = 1
    (root / "annotations.json").write_text(json.dumps(content))
    (batch,) = source(root, min_height_px=50).sweep(1)
    assert batch.wears.tolist() == [True, False, False]


def test_large_images_shrink_with_their_boxes(tmp_path: Path) -> None:
    (batch,) = source(write_set(tmp_path, [(0, [40, 20, 80, 160])], [(400, 200)]), long_side_px=100).sweep(1)
    assert batch.srgb.shape == (1, 3, 50, 100)
    assert batch.boxes_xyxy_px.tolist() == [[10, 5, 30, 45]]


def test_a_sweep_yields_every_image_once_and_never_pads(tmp_path: Path) -> None:
    sizes = [(32, 16), (16, 32), (32, 16), (16, 16), (32, 16)]
    scenes = source(write_set(tmp_path, [(1, [0, 0, 8, 30])], sizes))
    batches = list(scenes.sweep(2))
    assert sorted(key for batch in batches for key in batch.keys) == [f"{i}.png" for i in range(5)]
    assert all((batch.sizes_px == torch.tensor(batch.srgb.shape[2:])).all() for batch in batches)
    assert len(scenes) == 5


def test_random_batches_hold_only_images_with_wearers_and_repeat_with_the_seed(tmp_path: Path) -> None:
    boxes = [(0, [0, 0, 8, 10]), (1, [0, 0, 8, 30]), (1, [2, 0, 8, 30])]
    scenes = source(write_set(tmp_path, boxes, [(32, 16), (16, 32), (8, 8)]))
    first, again = (
        list(islice(scenes.batches(3, torch.Generator().manual_seed(4)), 5)) for _ in range(2)
    )  # fmt: skip
    assert [b.keys for b in first] == [b.keys for b in again]
    for batch in first:
        assert batch.srgb.shape == (3, 3, 32, 32)
        assert set(batch.image_of[batch.wears].tolist()) == {0, 1, 2}
        wide = batch.keys.index("0.png")
        assert (batch.srgb[wide, :, 16:] == GREY).all()
        assert (batch.srgb[wide, :, :16] != GREY).any()


def test_boxes_are_clipped_and_those_outside_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    boxes = [(0, [-10, -10, 30, 40]), (0, [100, 0, 10, 10])]
    with caplog.at_level(logging.WARNING):
        (batch,) = source(write_set(tmp_path, boxes, [(64, 64)])).sweep(1)
    assert batch.boxes_xyxy_px.tolist() == [[0, 0, 20, 30]]
    assert "1 box(es) lie outside" in caplog.text


def test_any_kind_of_image_is_read(tmp_path: Path) -> None:
    root = write_set(tmp_path, [(0, [0, 0, 1, 1])], [(1, 1), (9, 9), (9, 9), (9, 9), (9, 9)])
    for i, mode in enumerate(("L", "RGBA", "CMYK", "I;16"), start=1):
        kind = "tif" if mode == "CMYK" else "png"
        Image.new(mode, (9, 9)).save(root / "images" / f"{i}.png", format="TIFF" if kind == "tif" else "PNG")
    assert sum(batch.srgb.shape[0] for batch in source(root).sweep(3)) == 5


def test_a_small_limit_still_shows_the_label(tmp_path: Path) -> None:
    scenes = source(write_set(tmp_path, [(3, [0, 0, 8, 10])], [(16, 16)] * 4), limit=1)
    assert next(scenes.batches(1, torch.Generator())).keys == ("3.png",)


def test_a_split_is_disjoint_complete_and_has_wearers_on_both_sides(tmp_path: Path) -> None:
    scenes = source(write_set(tmp_path, [(i, [0, 0, 8, 10]) for i in range(4)], [(16, 16)] * 10))
    ours, theirs = scenes.split(0.5, seed=3)
    names = [{key for batch in part.sweep(4) for key in batch.keys} for part in (ours, theirs)]
    assert not names[0] & names[1]
    assert len(names[0]) == len(names[1]) == len(ours) == 5
    for part in (ours, theirs):
        assert sum(int(batch.wears.sum()) for batch in part.sweep(1)) == 2
    assert [b.keys for b in scenes.split(0.5, seed=3)[1].sweep(9)] == [b.keys for b in theirs.sweep(9)]


@pytest.mark.parametrize("label", ["Person", "pedestrian", "stop-sign", "Stop_Sign"])
def test_a_label_is_found_in_any_spelling(tmp_path: Path, label: str) -> None:
    source(write_set(tmp_path, [], [(8, 8)]), label=label)


def test_no_box_of_the_label_says_what_was_found(tmp_path: Path) -> None:
    scenes = source(write_set(tmp_path, [(0, [0, 0, 8, 12])], [(16, 16)]), label="stop sign")
    assert len(list(scenes.sweep(1))) == 1
    with pytest.raises(BadInput, match=r"no 'stop sign' .* 1 images with 1 boxes"):
        scenes.batches(1, torch.Generator())
    with pytest.raises(BadInput, match=r"at least 14 px tall: 1 found in 1 images, the tallest 12 px"):
        source(tmp_path, min_height_px=14).batches(1, torch.Generator())


def test_an_object_of_less_than_a_pixel_is_not_blamed_on_an_option(tmp_path: Path) -> None:
    scenes = source(write_set(tmp_path, [(0, [0, 0, 8, 0.5])], [(16, 16)]))
    with pytest.raises(BadInput, match=r"at least 1 px tall: .* the tallest 0\.5 px\. Choose pictures"):
        scenes.batches(1, torch.Generator())


def test_a_pipe_among_the_photos_is_not_waited_for(tmp_path: Path) -> None:
    write_set(tmp_path, [(0, [0, 0, 8, 12])], [(16, 16), (16, 16)])
    (tmp_path / "images" / "1.png").unlink()
    os.mkfifo(tmp_path / "images" / "1.png")
    with pytest.raises(BadInput, match=r"1\.png' is not a regular file"):
        source(tmp_path)


def broken(root: Path, how: str) -> None:
    """Spoil one thing in a good set."""
    path = root / "annotations.json"
    content = json.loads(path.read_text())
    spoil: dict[str, Any] = {
        "nan": lambda: content["annotations"][0].update(bbox=[0, 0, float("nan"), 9]),
        "inf": lambda: content["annotations"][0].update(bbox=[0, 0, float("inf"), 9]),
        "huge": lambda: content["annotations"][0].update(bbox=[0, 0, 10**400, 9]),
        "text": lambda: content["annotations"][0].update(bbox=["a", 0, 5, 5]),
        "short": lambda: content["annotations"][0].update(bbox=[0, 5, 5]),
        "no bbox": lambda: content["annotations"][0].pop("bbox"),
        "stray": lambda: content["annotations"][0].update(image_id=99),
        "category": lambda: content["annotations"][0].update(category_id=99),
        "twins": lambda: content["images"][1].update(id=0),
        "missing": lambda: content["images"][1].update(file_name="gone.png"),
        "size": lambda: content["images"][1].update(width=99),
        "keys": lambda: content.pop("categories"),
        "no images": lambda: content.update(images=[], annotations=[]),
        "list": lambda: content["annotations"].append(7),
    }
    spoil.get(how, lambda: None)()
    path.write_text(json.dumps(content))
    if how == "json":
        path.write_text("{")
    if how == "gone":
        path.unlink()
    if how == "empty file":
        (root / "images" / "1.png").write_bytes(b"")
    if how == "not an image":
        (root / "images" / "1.png").write_text("hello")
    if how == "truncated":
        data = (root / "images" / "1.png").read_bytes()
        (root / "images" / "1.png").write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ("nan", "annotation 10"), ("inf", "annotation 10"), ("text", "annotation 10"),
        ("short", "annotation 10"), ("huge", "annotation 10"), ("no bbox", "annotation 10"),
        ("stray", "image 99"), ("category", "category 99"),
        ("twins", "same id"), ("missing", "gone.png"), ("size", "99x16"), ("keys", "'categories'"),
        ("no images", "no images"), ("list", "annotation 7"), ("json", "not valid JSON"), ("gone", "annotations.json"),
        ("empty file", "empty"), ("not an image", "1.png"), ("truncated", "1.png"),
    ],
)  # fmt: skip
def test_bad_input_explains_itself(tmp_path: Path, how: str, named: str) -> None:
    broken(write_set(tmp_path, [(0, [0, 0, 8, 12])], [(16, 16), (16, 16)]), how)
    with pytest.raises(BadInput, match=named) as caught:
        list(source(tmp_path).sweep(2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"label": "persn"}, "Did you mean 'person'"), ({"label": "zebra"}, "It has: person, stop sign"),
        ({"min_height_px": -1}, "min_height_px"), ({"object_height_mm": -1}, "object_height_mm"),
        ({"long_side_px": 0}, "long_side_px"), ({"limit": -1}, "limit"), ({"root": ""}, "root"),
        ({"root": "/nowhere"}, "/nowhere"), ({"images": "/nowhere"}, "/nowhere"),
    ],
)  # fmt: skip
def test_a_bad_option_explains_itself(tmp_path: Path, options: dict[str, Any], named: str) -> None:
    root = write_set(tmp_path, [(0, [0, 0, 8, 12])], [(16, 16)])
    with pytest.raises(PhysadvError, match=named):
        build_coco(CocoConfig(**({"root": str(root)} | options)))


def test_an_unusual_object_must_be_measured(tmp_path: Path) -> None:
    root = write_set(tmp_path, [], [(8, 8)], categories=[{"id": 1, "name": "teapot"}])
    with pytest.raises(BadOption, match=r"how tall is a 'teapot'.*Set object_height_mm"):
        source(root, label="teapot")
    assert len(source(root, label="teapot", object_height_mm=180)) == 1


def test_real_photos_give_the_persons_that_were_counted(shared: Path) -> None:
    tall = 0
    for split in ("train", "val"):
        for batch in source(
            shared / "data" / "coco128" / split, min_height_px=96, relight=False, match_camera=False
        ).sweep(4):
            tall += int(batch.wears.sum())
    assert tall == 94  # and two crowds, which do not wear


def test_a_sweep_that_goes_on_decodes_nothing_of_what_is_skipped(tmp_path: Path) -> None:
    scenes = source(write_set(tmp_path, [(i, [10, 20, 30, 35]) for i in range(5)], [(64, 64)] * 5), memory_mb=0)
    whole = [batch.keys for batch in scenes.sweep(2)]
    for gone in whole[0]:
        (tmp_path / "images" / gone).unlink()
    assert [batch.keys for batch in scenes.sweep(2, skip=1)] == whole[1:]
