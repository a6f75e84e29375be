"""Ids, names, boxes, sizes, orientation and categories that repeat, collide or contradict the photo."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from physadv.core.errors import BadInput, BadOption, PhysadvError
from physadv.core.types import SceneBatch
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig
from tests.parts.scenes.sets import coco, picture, turned


def source(root: Path, label: str = "person", **options: Any) -> AnnotatedPhotos:
    return build_coco(CocoConfig(root=str(root), label=label, object_height_mm=1000, **options))


def views(root: Path, label: str = "person", **options: Any) -> dict[str, SceneBatch]:
    return {batch.keys[0]: batch for batch in source(root, label, **options).sweep(1)}


def warnings_of(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)


def test_a_photo_under_several_ids_is_one_photo_on_one_side(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for seed in range(3):
        picture(tmp_path, f"{seed}.png", seed=seed)
    images = [{"file_name": "0.png"}] * 4 + [{"file_name": "1.png"}, {"file_name": "./1.png"}, {"file_name": "2.png"}]
    marks = [{"image_id": i, "bbox": [4, 4, 20, 30]} for i in range(7)]
    scenes = source(coco(tmp_path, images, marks))
    assert len(scenes) == 3
    ours, theirs = ({key for b in part.sweep(9) for key in b.keys} for part in scenes.split(0.5, 0))
    assert not ours & theirs
    assert all(len(batch.labels) == len(batch.keys) for batch in scenes.sweep(9))
    assert "4 photo(s) are listed more than once" in warnings_of(caplog)
    assert "4 box(es) are there twice" in warnings_of(caplog)


def test_boxes_of_one_photo_that_differ_by_entry_are_joined_and_doubted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture(tmp_path, "a.png")
    marks = [{"image_id": 0, "bbox": [4, 4, 20, 30]}, {"image_id": 1, "bbox": [30, 4, 20, 30]}]
    (batch,) = views(coco(tmp_path, [{"file_name": "a.png"}] * 2, marks)).values()
    assert batch.boxes_xyxy_px.tolist() == [[4, 4, 24, 34], [30, 4, 50, 34]]
    assert "give every frame its own name" in warnings_of(caplog)


def test_the_same_picture_under_two_names_counts_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = picture(tmp_path, "a.jpg", seed=1)
    shutil.copy(first, tmp_path / "images" / "b.jpg")
    data = first.read_bytes()
    (tmp_path / "images" / "c.jpg").write_bytes(data[:2] + b"\xff\xfe\x00\x06note" + data[2:])  # a comment
    picture(tmp_path, "d.jpg", seed=2)
    images = [{"file_name": f"{name}.jpg"} for name in "abcd"]
    marks = [{"image_id": i, "bbox": [4, 4, 20, 30]} for i in range(4)]
    assert sorted(views(coco(tmp_path, images, marks))) == ["a.jpg", "d.jpg"]
    assert "2 photo(s) show the same picture as another" in warnings_of(caplog)


def test_equal_names_in_two_folders_are_two_photos(tmp_path: Path) -> None:
    for seed, folder in enumerate(("x", "y")):
        picture(tmp_path, f"{folder}/1.png", seed=seed)
    images = [{"file_name": "x/1.png"}, {"file_name": "y/1.png"}]
    found = views(coco(tmp_path, images, [{"image_id": 1, "bbox": [4, 4, 20, 30]}]))
    assert {key: len(batch.labels) for key, batch in found.items()} == {"x/1.png": 0, "y/1.png": 1}


def test_one_id_for_two_files_is_refused_and_one_entry_twice_is_not(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    picture(tmp_path, "b.png", seed=1)
    twice = [{"id": 5, "file_name": "a.png"}] * 2
    assert len(source(coco(tmp_path, twice, []))) == 1
    with pytest.raises(BadInput, match=r"same id 5, 'a\.png' and 'b\.png'"):
        source(coco(tmp_path, [twice[0], {"id": 5, "file_name": "b.png"}], []))


@pytest.mark.parametrize("number", ["1", 1.0, "img-1"])
def test_ids_may_be_text_or_whole_floats(tmp_path: Path, number: object) -> None:
    picture(tmp_path, "a.png")
    other = "1" if number == 1.0 else number
    root = coco(tmp_path, [{"id": number, "file_name": "a.png"}], [{"image_id": other, "bbox": [4, 4, 20, 30]}])
    assert len(views(root)["a.png"].labels) == 1


def test_one_annotation_id_twice_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path, "a.png")
    marks = [{"id": 3, "image_id": 0, "bbox": [4, 4, 20, 30]}, {"id": 3, "image_id": 0, "bbox": [30, 4, 20, 30]}]
    assert len(views(coco(tmp_path, [{"file_name": "a.png"}], marks))["a.png"].labels) == 2
    assert "1 annotation id(s) are there more than once; all are used: 3" in warnings_of(caplog)


def test_boxes_without_area_or_outside_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture(tmp_path, "a.png")
    boxes = [
        [4, 4, 20, 30],
        [4, 4, 20, 0],
        [4, 4, 0, 9],
        [30, 30, -9, -9],
        [70, 4, 9, 9],
        [-20, 4, 10, 9],
        [50, 4, 40, 9],
    ]
    root = coco(tmp_path, [{"file_name": "a.png"}], [{"image_id": 0, "bbox": box} for box in boxes])
    assert views(root)["a.png"].boxes_xyxy_px.tolist() == [[4, 4, 24, 34], [50, 4, 64, 13]]
    told = warnings_of(caplog)
    assert "3 box(es) without area are left out: annotation 11 of a.png" in told
    assert "2 box(es) lie outside the image" in told
    assert "1 box(es) stick out of their image" in told


def test_an_outline_stands_in_for_a_missing_box(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path, "a.png")
    outline = {"image_id": 0, "bbox": [], "segmentation": [[4, 8, 30, 6, 20, 40]]}
    root = coco(tmp_path, [{"file_name": "a.png"}], [outline])
    assert views(root)["a.png"].boxes_xyxy_px.tolist() == [[4, 6, 30, 40]]
    assert "were taken from the outlines" in warnings_of(caplog)


def test_corners_in_place_of_width_and_height_are_refused(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    corners = [[4, 4, 24, 34], [30, 10, 60, 40], [40, 20, 62, 46]]
    root = coco(tmp_path, [{"file_name": "a.png"}], [{"image_id": 0, "bbox": box} for box in corners])
    with pytest.raises(BadInput, match=r"2 of 3 boxes stick far out.*read as corners"):
        source(root)


def test_shares_in_place_of_pixels_are_refused(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    root = coco(tmp_path, [{"file_name": "a.png"}], [{"image_id": 0, "bbox": [0.1, 0.2, 0.5, 0.5]}])
    with pytest.raises(BadInput, match="shares of the picture"):
        source(root)


RED = (10, 6, 30, 20)  # left, top, right, bottom in the stored raster of 64 x 48


def red_box(path: Path, orientation: int, size: tuple[int, int] = (64, 48)) -> None:
    """A grey picture with a red box at :data:`RED`, and an EXIF turn."""
    codes = np.full((size[1], size[0], 3), 90, dtype=np.uint8)
    codes[RED[1] : RED[3], RED[0] : RED[2]] = (220, 20, 20)
    codes[0, 0] = orientation  # no two alike
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(codes).save(path, exif=turned(orientation))


@pytest.mark.parametrize("stated", [True, False])
def test_boxes_of_the_stored_raster_are_turned_along(
    tmp_path: Path, stated: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Turns of a half or mirrors do not show in the size; the quarter turns beside them tell for all."""
    images: list[dict[str, Any]] = []
    marks = []
    for orientation in range(1, 9):
        red_box(tmp_path / "images" / f"{orientation}.png", orientation)
        images.append({"file_name": f"{orientation}.png"} | ({"width": 64, "height": 48} if stated else {}))
        number = orientation - 1
        marks.append({"image_id": number, "bbox": [RED[0], RED[1], RED[2] - RED[0], RED[3] - RED[1]]})
        if not stated:  # a box that fits only the raster as stored
            marks.append({"image_id": number, "bbox": [56, 2, 8, 8], "category_id": 2})
    for key, batch in views(coco(tmp_path, images, marks, "person", "corner")).items():
        left, top, right, bottom = (int(v) for v in batch.boxes_xyxy_px[0].tolist())
        inside = batch.srgb[0, :, top:bottom, left:right]
        assert (inside[0] > 0.8).all(), key
        assert int((batch.srgb[0, 0] > 0.8).sum()) == (bottom - top) * (right - left), key
    assert "7 photo(s) were annotated as stored" in warnings_of(caplog)


def test_an_exif_turn_that_nothing_tells_of_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    red_box(tmp_path / "images" / "a.png", 3)
    root = coco(tmp_path, [{"file_name": "a.png", "width": 64, "height": 48}], [{"image_id": 0, "bbox": [4, 4, 9, 9]}])
    assert views(root)["a.png"].boxes_xyxy_px.tolist() == [[4, 4, 13, 13]]
    assert "1 photo(s) have an EXIF turn that does not show in their size" in warnings_of(caplog)


def test_upright_annotations_of_turned_photos_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    images, marks = [], []
    for number, orientation in enumerate((6, 3)):
        red_box(tmp_path / "images" / f"{orientation}.png", orientation)
        wide, high = (48, 64) if orientation == 6 else (64, 48)
        images.append({"file_name": f"{orientation}.png", "width": wide, "height": high})
        marks.append({"image_id": number, "bbox": [4, 4, 9, 9]})
    found = views(coco(tmp_path, images, marks))
    assert all(batch.boxes_xyxy_px.tolist() == [[4, 4, 13, 13]] for batch in found.values())
    assert "turned along" not in warnings_of(caplog)


def test_photos_scaled_after_annotation_scale_their_boxes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path, "a.png", (64, 48))
    root = coco(
        tmp_path,
        [{"file_name": "a.png", "width": 1280, "height": 960}],
        [{"image_id": 0, "bbox": [200, 100, 400, 600]}],
    )
    assert views(root)["a.png"].boxes_xyxy_px.tolist() == [[10, 5, 30, 35]]
    assert "1 photo(s) are of another size than when annotated" in warnings_of(caplog)


def test_a_size_that_the_boxes_contradict_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path, "a.png", (64, 48))
    swapped = {"file_name": "a.png", "width": 48, "height": 64}
    root = coco(tmp_path, [swapped], [{"image_id": 0, "bbox": [30, 4, 30, 40]}])
    assert views(root)["a.png"].boxes_xyxy_px.tolist() == [[30, 4, 60, 44]]
    assert "the stated size is ignored" in warnings_of(caplog)
    with pytest.raises(BadInput, match=r"1 photo\(s\) are of another shape.*64x48 pixels, annotated as 48x64"):
        source(coco(tmp_path, [swapped], [{"image_id": 0, "bbox": [4, 4, 30, 30]}]))


@pytest.mark.parametrize("size", [{"width": 0, "height": 0}, {"width": None, "height": None}, {"width": "64"}])
def test_a_size_that_is_not_known_is_not_compared(tmp_path: Path, size: dict[str, Any]) -> None:
    picture(tmp_path, "a.png", (64, 48))
    assert len(source(coco(tmp_path, [{"file_name": "a.png"} | size], []))) == 1


def test_of_categories_called_alike_boxes_of_all_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    picture(tmp_path, "a.png")
    marks = [{"image_id": 0, "bbox": [4 * n, 4, 20, 30], "category_id": n} for n in (2, 3, 4)]
    root = coco(tmp_path, [{"file_name": "a.png"}], marks, "stop", "stop", "Stop ", "STOP", "yield")
    (batch,) = views(root, "stop").values()
    assert batch.wears.tolist() == [True] * 3
    assert batch.label_names == ("stop", "yield")
    assert "category name(s) differ only in case" in warnings_of(caplog)


def test_a_literal_name_wins_over_a_synonym_and_two_synonyms_are_asked_about(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    marks = [{"image_id": 0, "bbox": [4, 4, 20, 30], "category_id": n} for n in (1, 2)]
    root = coco(tmp_path, [{"file_name": "a.png"}], marks, "pedestrian", "people")
    assert views(root, "people")["a.png"].wears.tolist() == [False, True]
    assert views(root, "pedestrian")["a.png"].wears.tolist() == [True, False]
    with pytest.raises(BadOption, match=r"'person' may mean 'pedestrian' or 'people'.*scenes\.label"):
        source(root, "person")


def test_a_near_name_is_the_files_own(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    root = coco(tmp_path, [{"file_name": "a.png"}], [], "Stop", "speedlimit")
    with pytest.raises(BadOption, match="Did you mean 'Stop'"):
        source(root, "stopp")
    with pytest.raises(BadOption, match="Did you mean 'Stop'"):
        source(root, "stop sgn")


def test_two_names_for_one_category_id_are_refused(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    root = coco(tmp_path, [{"file_name": "a.png"}], [], "stop")
    path = root / "annotations.json"
    path.write_text(
        path.read_text().replace('{"id": 1, "name": "stop"}', '{"id": 1, "name": "stop"}, {"id": 1, "name": "go"}')
    )
    with pytest.raises(BadInput, match="category 1 is both 'stop' and 'go'"):
        source(root, "stop")


@pytest.mark.parametrize("what", ["category", "file"])
def test_half_a_character_is_refused_in_text_that_can_be_written(tmp_path: Path, what: str) -> None:
    picture(tmp_path, "a.png")
    name, label = ("a.png", "\ud800") if what == "category" else ("\ud800.png", "person")
    root = coco(tmp_path, [{"file_name": name}], [], label)
    with pytest.raises(BadInput, match="is not valid text") as caught:
        source(root)
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(
    "written",
    ["cafe\u0301.png", "CAF\u00c9.PNG", "photos\\caf\u00e9.png", "some/where/caf\u00e9.png", "images/caf\u00e9.png"],
)
def test_a_name_in_another_spelling_is_found(tmp_path: Path, written: str) -> None:
    picture(tmp_path, "caf\u00e9.png")
    assert list(views(coco(tmp_path, [{"file_name": written}], []))) == ["caf\u00e9.png"]


def test_a_blank_written_as_in_addresses_is_found(tmp_path: Path) -> None:
    picture(tmp_path, "my photo.png")
    assert list(views(coco(tmp_path, [{"file_name": "my%20photo.png"}], []))) == ["my photo.png"]


def test_photos_without_objects_and_without_entry_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for seed, name in enumerate(("a.png", "b.png", "c.png")):
        picture(tmp_path, name, seed=seed)
    images = [{"file_name": "a.png"}, {"file_name": "b.png"}]
    with caplog.at_level(logging.INFO):
        source(coco(tmp_path, images, [{"image_id": 0, "bbox": [4, 4, 20, 30]}]))
    assert "1 of 2 photos show no object: b.png" in caplog.text
    assert "does not list 1 photo(s) of the folder: c.png" in caplog.text


def test_missing_photos_are_counted(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    images = [{"file_name": name} for name in ("a.png", "b.png", "c.png", "x" * 5000, "nul\0.png")]
    with pytest.raises(BadInput, match=r"4 of 5 annotated images are missing.*'b\.png', 'c\.png'") as caught:
        source(coco(tmp_path, images, []))
    assert len(str(caught.value)) < 600


def test_names_stay_in_the_folder(tmp_path: Path) -> None:
    secret = picture(tmp_path / "elsewhere", "x.png", seed=9)
    picture(tmp_path / "set", "a.png")
    (tmp_path / "set" / "images" / "link.png").symlink_to(secret)
    for name in ("../../elsewhere/images/x.png", str(secret), "..\\x.png", "C:\\x.png", "link.png"):
        with pytest.raises(BadInput, match=r"leads out|link out"):
            source(coco(tmp_path / "set", [{"file_name": name}], []))


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    picture(tmp_path / "disk", "a.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "images").symlink_to(tmp_path / "disk" / "images")
    for name in ("a.png", "images/a.png"):
        assert len(source(coco(tmp_path / "set", [{"file_name": name}], []))) == 1


def test_annotations_among_the_photos_are_found_and_other_formats_named(tmp_path: Path) -> None:
    root = coco(tmp_path, [{"file_name": "a.png"}], [{"image_id": 0, "bbox": [4, 4, 20, 30]}])
    picture(tmp_path, "a.png").rename(root / "a.png")
    (root / "images").rmdir()
    (root / "annotations.json").rename(root / "_annotations.coco.json")
    assert len(views(root)["a.png"].labels) == 1
    (root / "_annotations.coco.json").rename(root / "instances_val.json")
    with pytest.raises(BadInput, match=r"instances_val\.json: name one with scenes\.annotations"):
        source(root)
    (root / "instances_val.json").unlink()
    (root / "data.yaml").write_text("names: [a]")
    with pytest.raises(BadInput, match="scenes=yolo"):
        source(root)


def test_masks_of_photos_that_share_a_stem_are_told_apart(tmp_path: Path) -> None:
    for seed, folder in enumerate(("x", "y")):
        picture(tmp_path, f"{folder}/1.png", seed=seed)
    images = [{"file_name": "x/1.png"}, {"file_name": "y/1.png"}]
    root = coco(tmp_path, images, [{"image_id": i, "bbox": [4, 4, 20, 30]} for i in range(2)])
    for folder, grey in (("x", 255), ("y", 128)):
        path = root / "masks" / folder / "1.png.png"
        path.parent.mkdir(parents=True)
        Image.new("L", (64, 48), grey).save(path)
    found = views(root, masks="masks")
    shown = {key: float(batch.visible.mean()) for key, batch in found.items() if batch.visible is not None}
    assert shown == {"x/1.png": 1.0, "y/1.png": pytest.approx(128 / 255)}


def test_every_refusal_is_one_line(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    for names in (["stop\nsign"] * 2, ["\x1b[31mred"], [f"c{n}" for n in range(99)]):
        with pytest.raises(PhysadvError) as caught:
            source(coco(tmp_path, [{"file_name": "a.png"}], [], *names), "zebra")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500


def test_a_thousand_photos_are_compared_without_decoding_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(40):
        picture(tmp_path, f"{seed}.jpg", seed=seed)
    decoded = []
    monkeypatch.setattr(
        "physadv.parts.scenes.same_pictures.load_srgb", lambda path: decoded.append(path) or torch.zeros(1)
    )
    assert len(source(coco(tmp_path, [{"file_name": f"{n}.jpg"} for n in range(40)], []))) == 40
    assert decoded == []
