"""YOLO sets: every layout that exporters write, boxes to the pixel, and what contradicts is named by file and line."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from physadv.core.errors import BadInput, BadOption, PhysadvError
from physadv.core.types import SceneBatch
from physadv.parts.scenes.options import YoloConfig
from physadv.parts.scenes.yolo import build_yolo
from tests.parts.scenes.sets import noise


def write(root: Path, part: str, name: str, lines: str | None, seed: int = 0) -> None:
    """A picture of 80 x 40 in ``root/images/part`` and its labels."""
    for kind in ("images", "labels"):
        (root / kind / part).mkdir(parents=True, exist_ok=True)
    noise((80, 40), seed).save(root / "images" / part / f"{name}.png")
    if lines is not None:
        (root / "labels" / part / f"{name}.txt").write_text(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    write(root, "train", "a", "1 0.5 0.5 0.5 0.5\n0 0.25 0.5 0.1 0.2\n", 1)
    write(root, "train", "b", "", 2)
    write(root, "val", "c", "1 0.5 0.5 0.25 1.0\n", 3)
    (root / "data.yaml").write_text("path: .\ntrain: images/train\nval: images/val\nnames: [yield, stop]\n")
    return root


def views(root: Path | str, label: str = "stop", **options: Any) -> dict[str, SceneBatch]:
    scenes = build_yolo(YoloConfig(root=str(root), label=label, object_height_mm=750, **options))
    return {batch.keys[0]: batch for batch in scenes.sweep(1)}


def test_shares_become_pixels_and_parts_can_be_chosen(folder: Path) -> None:
    found = views(folder)
    assert sorted(found) == ["a.png", "b.png", "c.png"]
    assert found["a.png"].boxes_xyxy_px.tolist() == [[20, 10, 60, 30], [16, 16, 24, 24]]
    assert found["a.png"].wears.tolist() == [True, False]
    assert found["c.png"].boxes_xyxy_px.tolist() == [[30, 0, 50, 40]]
    assert sorted(views(folder, split="train")) == ["a.png", "b.png"]
    assert sorted(views(folder / "data.yaml", split="val")) == ["c.png"]
    with pytest.raises(BadOption, match=r"no part 'test'; it names train, val"):
        views(folder, split="test")


@pytest.mark.parametrize(
    "text",
    [
        "train: ../images/train\nval: ../images/val\nnc: 2\nnames: ['yield', 'stop']\n",  # Roboflow
        "path: /content/drive/elsewhere\ntrain: images/train\nval: [images/val]\nnames: {0: yield, 1: stop}\n",
        "path: ../datasets/set\ntrain: images/train\nval: val.txt\nnames:\n  0: yield\n  1: stop\n",
        "train: images\nnames: [yield, stop]\n",
        "names: [yield, stop]\n",
    ],
)
def test_the_yaml_of_any_exporter_is_understood(folder: Path, text: str) -> None:
    (folder / "data.yaml").write_text(text)
    (folder / "val.txt").write_text("./images/val/c.png\n")
    assert sorted(views(folder)) == ["a.png", "b.png", "c.png"]


def test_a_part_alone_takes_its_names_from_above_beside_or_the_option(folder: Path) -> None:
    alone = folder / "valid"
    write(alone, "", "d", "1 0.5 0.5 0.5 0.5\n", 4)
    assert views(alone)["d.png"].label_names == ("yield", "stop")
    (folder / "data.yaml").unlink()
    with pytest.raises(BadInput, match=r"nothing names the classes.*scenes\.names"):
        views(alone)
    assert views(alone, names=["go", "stop"])["d.png"].label_names == ("go", "stop")
    (alone / "labels" / "classes.txt").write_text("go\nstop\n")
    assert views(alone)["d.png"].label_names == ("go", "stop")


def test_one_part_of_a_set_can_be_judged_on(folder: Path) -> None:
    """``scenes.split=train judge.root=set/images/val``: the split of one does not bind the other."""
    assert sorted(views(folder / "images" / "val", split="train")) == ["c.png"]
    assert views(folder / "images" / "val")["c.png"].label_names == ("yield", "stop")


def test_a_class_called_no_is_not_false(folder: Path) -> None:
    (folder / "data.yaml").write_text("train: images/train\nnames: [no, on]\n")
    assert views(folder, "on")["a.png"].label_names == ("no", "on")


def test_outlines_and_keypoints_have_boxes(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "labels" / "val" / "c.txt").write_text("1 0.25 0.5 0.75 0.25 0.5 1.0\n")
    assert views(folder)["c.png"].boxes_xyxy_px.tolist() == [[20, 10, 60, 40]]
    assert "1 object(s) are outlines" in caplog.text
    (folder / "labels" / "val" / "c.txt").write_text("1 0.5 0.5 0.25 1.0 0.1 0.2 2 0.3 0.4 2\n")
    with (folder / "data.yaml").open("a") as file:
        file.write("kpt_shape: [2, 3]\n")
    assert views(folder)["c.png"].boxes_xyxy_px.tolist() == [[30, 0, 50, 40]]


def test_what_has_no_partner_is_counted(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "labels" / "train" / "b.txt").rename(folder / "labels" / "train" / "gone.txt")
    with caplog.at_level(logging.WARNING):
        views(folder)
    assert "1 photo(s) have no label file and count as without objects: b" in caplog.text
    assert "1 label file(s) have no photo and are left out: gone.txt" in caplog.text


def test_the_same_picture_in_both_parts_counts_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, "val", "again", "1 0.5 0.5 0.5 0.5\n", 1)
    assert sorted(views(folder)) == ["a.png", "b.png", "c.png"]
    assert "1 photo(s) show the same picture as another" in caplog.text


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("2 0.5 0.5 0.1 0.1", r"line 1 of .*c\.txt has class 2, but the names are 0 to 1"),
        ("-1 0.5 0.5 0.1 0.1", "class -1"), ("0.5 0.5 0.5 0.1 0.1", "class x y w h"), ("stop 0 0 1 1", "all numbers"),
        ("1 0.5 0.5 nan 0.1", "all numbers"), ("1 0.5 0.5", "class x y w h"), ("1 40 20 10 10", "shares"),
        ("1 0.5 0.5 0.1 0.1 0.5 0.5 0.5", "outline"), ("1 0.1 0.2 0.3 0.4 9 9 0.5 0.5", "shares"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(folder: Path, line: str, named: str) -> None:
    (folder / "labels" / "val" / "c.txt").write_text(line)
    with pytest.raises(BadInput, match=named) as caught:
        views(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("names: [a, b", "not valid YAML"),
        ("- a\n", "must map names"),
        ("names: 3\n", "names must list"),
        ("names: {1: a, 2: b}\n", "numbered 0"),
        ("nc: 3\nnames: [a, b]\n", "nc is 3"),
        ("names: [a, '']\n", "must list"),
        ("train: nowhere\nnames: [yield, stop]\n", "no such folder"),
        ("train: 3\nnames: [yield, stop]\n", "no such folder"),
        ("train: {a: b}\nnames: [yield, stop]\n", "must name a folder"),
        ("train: /etc\nnames: [yield, stop]\n", "leads out"),
        ("train: ../../etc\nnames: [yield, stop]\n", "leads out"),
        ("train: link\nnames: [yield, stop]\n", "link out"),
        ("train: images/empty\nnames: [yield, stop]\n", "no photos"),
        ("path: &a [*a]\nnames: *a\n", "not valid YAML"),
    ],
)
def test_a_yaml_that_cannot_be_followed_is_refused(folder: Path, text: str, named: str) -> None:
    (folder / "images" / "empty").mkdir()
    (folder / "link").symlink_to(folder.parent)
    (folder / "data.yaml").write_text(text)
    with pytest.raises(PhysadvError, match=named) as caught:
        views(folder)
    assert "\n" not in str(caught.value)


def test_a_set_without_any_labels_is_refused(folder: Path) -> None:
    for file in folder.rglob("*.txt"):
        file.unlink()
    with pytest.raises(BadInput, match=r"none of the 3 photos has a label file.*labels/train/a\.txt"):
        views(folder)
    with pytest.raises(BadOption, match="root"):
        views("")
    with pytest.raises(BadInput, match="no such folder"):
        views(folder / "gone")
