"""An object asked for at a distance is as tall as it would be there, and no photo is magnified."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from physadv.core.errors import BadInput, BadOption
from physadv.core.types import SceneBatch
from physadv.library.placement.viewpoint import focal_px
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig

SIZE = 1200, 800  # of the file
Box = tuple[int, int, int, int]  # left, top, width, height


def a_set(folder: Path, *boxes: list[Box]) -> Path:
    """Photos in which a red square on green is the stop sign."""
    (folder / "images").mkdir(parents=True)
    images, marks = [], []
    for number, found in enumerate(boxes, start=1):
        picture = Image.new("RGB", SIZE, (40, 140, 60))
        for left, top, width, height in found:
            ImageDraw.Draw(picture).rectangle((left, top, left + width - 1, top + height - 1), (200, 20, 20))
            marks.append({"id": len(marks) + 1, "image_id": number, "category_id": 1,
                          "bbox": [left, top, width, height], "iscrowd": 0, "area": width * height})  # fmt: skip
        ImageDraw.Draw(picture).point((number, 0), (0, 0, 0))  # no two alike
        picture.save(folder / "images" / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": SIZE[0], "height": SIZE[1]})
    content = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "stop"}]}
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def scenes(root: Path, *distance_m: float) -> AnnotatedPhotos:
    return build_coco(CocoConfig(root=str(root), label="stop", distance_m=list(distance_m), field_of_view_deg=50.0))


def only(made: AnnotatedPhotos) -> SceneBatch:
    (batch,) = made.sweep(8)
    return batch


@pytest.mark.parametrize("distance", [3.0, 8.0, 15.0])
def test_a_sign_is_as_tall_as_a_camera_would_see_it(tmp_path: Path, distance: float) -> None:
    batch = only(scenes(a_set(tmp_path, [(500, 200, 300, 300)]), distance, distance))
    assert tuple(batch.srgb.shape) == (1, 3, 427, 640)
    (left, top, right, bottom) = batch.boxes_xyxy_px[0].tolist()
    assert bottom - top == pytest.approx(focal_px((427, 640), 50.0) * 0.75 / distance, rel=1e-4)
    assert batch.camera_mm is not None
    assert float(-batch.camera_mm[0, 2]) == pytest.approx(1000 * distance, rel=1e-3)
    red = batch.srgb[0, 0] - batch.srgb[0, 1] > 0.2
    rows, columns = red.any(1).nonzero(), red.any(0).nonzero()
    assert float(rows[0]) == pytest.approx(top, abs=1.5)
    assert float(rows[-1] + 1) == pytest.approx(bottom, abs=1.5)
    assert float(columns[0]) == pytest.approx(left, abs=1.5)
    assert float(columns[-1] + 1) == pytest.approx(right, abs=1.5)


def test_going_back_leaves_grey_round_the_photo_and_going_near_cuts_it(tmp_path: Path) -> None:
    root = a_set(tmp_path, [(60, 300, 250, 250)])
    far, near = only(scenes(root, 20.0, 20.0)).srgb[0], only(scenes(root, 2.3, 2.3)).srgb[0]
    assert torch.allclose(far[:, 0, 0], torch.full((3,), 114 / 255))
    for corner in (near[:, 0, 0], near[:, -1, -1]):
        assert corner[1] > corner[0]  # the photo's green, to the edge
    assert only(scenes(root, 2.3, 2.3)).boxes_xyxy_px[0, 0] >= 0  # the object stays whole


def test_light_is_read_off_the_photo_and_not_off_the_grey(tmp_path: Path) -> None:
    root = a_set(tmp_path, [(500, 200, 300, 300)])
    near, far = (only(scenes(root, *[metres] * 2)) for metres in (4.0, 25.0))
    assert torch.allclose(near.light, far.light, rtol=0.1)


@pytest.mark.slow
def test_what_cannot_be_told_or_held_is_left_out_or_refused(tmp_path: Path) -> None:
    root = a_set(tmp_path / "a", [(500, 200, 300, 300)], [(500, 200, 60, 60)], [(0, 200, 300, 300)], [])
    assert len(scenes(root, 3.0, 3.0)) == 1  # the second would be magnified, the third is cut off, the last has none
    assert len(scenes(root, 12.0, 12.0)) == 2
    with pytest.raises(BadInput, match=r"as near as 1 m.*Ask for 1\.8 m or more"):
        scenes(root, 1.0, 1.0)
    with pytest.raises(BadInput, match="no whole 'stop'"):
        scenes(a_set(tmp_path / "b", [(0, 200, 300, 300)]), 5.0, 5.0)
    for wrong in ((5.0,), (5.0, 2.0), (0.0, 2.0), (float("nan"), 2.0), (1.0, float("inf"))):
        with pytest.raises(BadOption, match=r"scenes\.distance_m"):
            scenes(root, *wrong)


def test_another_object_wears_only_where_it_is_as_far(tmp_path: Path) -> None:
    batch = only(scenes(a_set(tmp_path, [(100, 200, 300, 300), (500, 200, 290, 290), (900, 200, 150, 150)]), 6.0, 6.0))
    assert batch.wears.tolist() == [True, True, False]


@pytest.mark.slow
def test_a_range_of_distances_is_the_same_for_the_same_photos(tmp_path: Path) -> None:
    root = a_set(tmp_path, *([(400 + 10 * number, 200, 300, 300)] for number in range(5)))
    first, again = (only(scenes(root, 4.0, 16.0)).boxes_xyxy_px for _ in range(2))
    assert torch.equal(first, again)
    heights = (first[:, 3] - first[:, 1]).tolist()
    assert max(heights) / min(heights) > 2
