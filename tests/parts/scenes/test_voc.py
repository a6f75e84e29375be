"""Pascal VOC sets: pixels counted from 1, stale names, parts, difficult objects; what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from physadv.core.errors import BadInput, BadOption
from physadv.core.types import SceneBatch
from physadv.parts.scenes.options import VocConfig
from physadv.parts.scenes.voc import build_voc
from tests.parts.scenes.sets import noise

OBJECT = (
    "<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><ymin>{box[1]}</ymin><xmin>{box[0]}</xmin>"
    "<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
)


def thing(name: str, *box: object, difficult: int = 0) -> str:
    return OBJECT.format(name=name, box=box, difficult=difficult)


def xml(*objects: str, filename: str = "a.jpg", size: tuple[int, int] = (80, 40)) -> str:
    width, height = size
    return (
        f"<annotation><folder>x</folder><filename>{filename}</filename><path>C:\\me\\{filename}</path><size>"
        f"<width>{width}</width><height>{height}</height><depth>3</depth></size>{''.join(objects)}</annotation>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (tmp_path / name).mkdir(parents=True)
    for seed, name in enumerate(("a", "b")):
        noise((80, 40), seed).save(tmp_path / "JPEGImages" / f"{name}.jpg")
    (tmp_path / "Annotations" / "a.xml").write_text(xml(thing("stop", 1, 1, 80, 40), thing("dog", 11, 5, 30, 20)))
    (tmp_path / "Annotations" / "b.xml").write_text(xml(filename="b.jpg"))
    (tmp_path / "ImageSets" / "Main" / "val.txt").write_text("a\n")
    return tmp_path


def views(root: Path, label: str = "stop", **options: Any) -> dict[str, SceneBatch]:
    scenes = build_voc(VocConfig(root=str(root), label=label, object_height_mm=750, **options))
    return {batch.keys[0]: batch for batch in scenes.sweep(1)}


def test_pixels_are_counted_from_one_and_the_last_belongs_to_the_box(folder: Path) -> None:
    found = views(folder)
    assert sorted(found) == ["a.jpg", "b.jpg"]
    assert found["a.jpg"].boxes_xyxy_px.tolist() == [[0, 0, 80, 40], [10, 4, 30, 20]]
    assert [found["a.jpg"].label_names[i] for i in found["a.jpg"].labels] == ["stop", "dog"]
    assert sorted(views(folder, split="val")) == ["a.jpg"]


def test_a_tool_that_counts_from_zero_is_told_by_its_zeros(folder: Path) -> None:
    (folder / "Annotations" / "a.xml").write_text(xml(thing("stop", 0, 0, 80, 40), thing("dog", 10, 4, 30, 20)))
    assert views(folder)["a.jpg"].boxes_xyxy_px.tolist() == [[0, 0, 80, 40], [10, 4, 30, 20]]


def test_difficult_objects_do_not_wear(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "Annotations" / "a.xml").write_text(
        xml(thing("stop", 1, 1, 20, 20), thing("stop", 31, 1, 60, 20, difficult=1))
    )
    assert views(folder)["a.jpg"].wears.tolist() == [True, False]
    assert "1 object(s) are marked difficult" in caplog.text


def test_a_stale_file_name_gives_way_to_the_xml_files_own(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "Annotations" / "a.xml").write_text(xml(thing("stop", 1, 1, 20, 20), filename="IMG_0001.JPG"))
    assert len(views(folder)["a.jpg"].labels) == 1
    assert "1 photo(s) were found by the name of their XML file" in caplog.text


def test_xml_beside_the_photos_is_read(folder: Path) -> None:
    flat = folder / "flat"
    flat.mkdir()
    noise((80, 40), 5).save(flat / "c.png")
    (flat / "c.xml").write_text(xml(thing("stop", 1, 1, 20, 20), filename="c.png"))
    assert len(views(flat)["c.png"].labels) == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("<annotation>", "not valid XML"), ("", "not valid XML"), ("<svg/>", "begins with <svg>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>', "defines entities"),
        (xml(thing("", 1, 1, 9, 9)), "object 1 of a.xml has no name"),
        (xml(thing("stop", 1, 1, "x", 9)), "object 1 of a.xml needs bndbox"),
        (xml(thing("stop", 1, 1, "nan", 9)), "needs bndbox"), (xml(thing("stop", 1, 1, "1e99", 9)), "needs bndbox"),
        (xml("<object><name>stop</name></object>"), "needs bndbox"),
        (xml(thing("stop", 1, 1, 9, 9), size=(40, 80)), "another shape"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named(folder: Path, text: str, named: str) -> None:
    (folder / "Annotations" / "a.xml").write_text(text)
    with pytest.raises(BadInput, match=named) as caught:
        views(folder)
    assert "\n" not in str(caught.value)


def test_a_photo_outside_is_refused(folder: Path) -> None:
    (folder / "JPEGImages" / "a.jpg").unlink()
    for name in ("../../x.jpg", "/etc/x.jpg", "C:\\x.jpg"):
        (folder / "Annotations" / "a.xml").write_text(xml(thing("stop", 1, 1, 9, 9), filename=name))
        with pytest.raises(BadInput, match="leads out"):
            views(folder)


def test_what_is_not_there_is_named(folder: Path) -> None:
    for options, named in (({"split": "test"}, "there are val"), ({"split": "../val"}, "there are val")):
        with pytest.raises(BadOption, match=named):
            views(folder, **options)
    (folder / "ImageSets" / "Main" / "val.txt").write_text("a\nz\n")
    with pytest.raises(BadInput, match=r"lists 1 photo\(s\) without XML, e\.g\. 'z'"):
        views(folder, split="val")
    for root, wrong in {"JPEGImages": "no XML files", "gone": "no such folder"}.items():
        with pytest.raises(BadInput, match=wrong):
            views(folder / root)
    with pytest.raises(BadOption, match="root"):
        build_voc(VocConfig())
