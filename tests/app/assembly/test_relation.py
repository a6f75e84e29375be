"""What is judged on, and whether it was optimised on: found by the pictures' content, told before any time is spent."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from physadv.app.assembly import scenes
from physadv.app.config.schema import JudgeConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadInput
from physadv.core.types import Candidates, Detections
from physadv.engines.judging.first_look import sees_none
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.judging.survey import expect_wearers, survey
from physadv.library.runs.relation import FILE, Origin, origin, relate
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig, RoadConfig
from physadv.parts.scenes.road import RoadScenes
from tests.toys import ToyDetector, ToyScenes

SIGN = [8, 8, 24, 24]


def write_photos(root: Path, seeds: list[int], without: int = 0, suffix: str = ".png") -> Path:
    """A COCO set of small photos with a stop sign each, and some ``without``; a seed is a picture."""
    (root / "images").mkdir(parents=True)
    images, marks = [], []
    for number, seed in enumerate([*seeds, *range(1000, 1000 + without)]):
        codes = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        name = f"{root.name}-{number}{suffix}"
        Image.fromarray(codes).save(root / "images" / name)
        images.append({"id": number, "file_name": name})
        if seed < 1000:
            marks.append({"id": number, "image_id": number, "category_id": 1, "bbox": SIGN})
    content = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "stop"}]}
    (root / "annotations.json").write_text(json.dumps(content))
    return root


def parts(folder: Path, /, **judge: Any) -> scenes.Parts:
    options = CocoConfig(root=str(folder), label="stop")
    judged = JudgeConfig(**judge)
    return scenes.two_parts(Registry(), "coco", options, judged, 0, ToyDetector(), torch.device("cpu"))


def said(found: scenes.Parts) -> tuple[str, int | None]:
    known = origin(found.optimise_on, "coco", found.judged_apart)
    one = relate(found.judge_on, "coco", found.judged_apart, known)
    return one.words, one.seen


def test_a_part_that_was_kept_is_not_said_to_be_seen(tmp_path: Path) -> None:
    words, seen = said(parts(write_photos(tmp_path / "a", list(range(10))), share=0.3))
    assert seen == 0
    assert "were not optimised on" in words


def test_the_folder_optimised_on_named_again_is_found_out(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "a", list(range(6)))
    words, seen = said(parts(root, root=str(root)))
    assert seen == 6
    assert words == "all 6 photos that are judged on were optimised on"


def test_copies_under_other_names_and_in_another_format_are_found_out(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "a", [0, 1, 2, 3])
    other = write_photos(tmp_path / "b", [2, 3, 4, 5, 6], suffix=".bmp")
    assert said(parts(root, root=str(other)))[1] == 2


def test_another_root_brings_its_own_annotations(tmp_path: Path) -> None:
    root, other = write_photos(tmp_path / "a", [0, 1, 2]), write_photos(tmp_path / "b", [7, 8])
    options = CocoConfig(annotations=str(root / "annotations.json"), images=str(root / "images"), label="stop")
    judged = JudgeConfig(root=str(other))
    found = scenes.two_parts(Registry(), "coco", options, judged, 0, ToyDetector(), torch.device("cpu"))
    assert said(found)[1] == 0
    assert sorted(key for batch in found.judge_on.sweep(4) for key in batch.keys) == ["b-0.png", "b-1.png"]


def test_a_copy_of_a_photo_never_lies_on_both_sides(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write_photos(tmp_path / "a", list(range(8)))
    for number in range(4):  # the same pixels, stored so that the files differ from end to end
        Image.open(root / "images" / f"a-{number}.png").save(root / "images" / f"a-{number + 4}.png", compress_level=0)
    with caplog.at_level(logging.WARNING):
        found = parts(root, share=0.5)
    assert said(found)[1] == 0


def test_a_run_folder_tells_what_its_patch_was_optimised_on(tmp_path: Path) -> None:
    found = parts(write_photos(tmp_path / "a", list(range(5))))
    known = origin(found.optimise_on, "coco", found.judged_apart)
    known.write(tmp_path)
    assert Origin.read(tmp_path) == known
    shutil.copytree(tmp_path / "a", tmp_path / "moved")
    moved = build_coco(CocoConfig(root=str(tmp_path / "moved"), label="stop"))
    assert relate(moved, "coco", "", Origin.read(tmp_path)).seen == len(known.pictures or ())
    (tmp_path / FILE).unlink()
    unknown = relate(moved, "coco", "", Origin.read(tmp_path))
    assert unknown.seen is None
    assert "not known" in unknown.words


def test_other_photos_and_drawn_scenes_are_not_said_to_be_seen(tmp_path: Path) -> None:
    mine = build_coco(CocoConfig(root=str(write_photos(tmp_path / "a", [0, 1])), label="stop"))
    road = RoadScenes(RoadConfig(images=2))
    photos, drawn = origin(mine, "coco", ""), origin(road, "road", "")
    assert relate(mine, "coco", "", drawn).words == "judged on photos; the patch was optimised on scenes=road"
    assert relate(road, "road", "", photos).seen == 0


def test_photos_with_a_wearer_are_judged_before_others(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "a", list(range(4)), without=20)
    found = survey(parts(root, share=0.0, images=6).judge_on, (300.0, 200.0), ProtocolConfig())
    assert (found.pictures, found.wearing, found.objects) == (6, 4, 4)
    alone = survey(parts(root, share=0.0, images=6, only_wearers=True).judge_on, (300.0, 200.0), ProtocolConfig())
    assert (alone.pictures, alone.wearing) == (4, 4)
    assert len(parts(root, share=0.0, images=2).judge_on) == 2


def test_size_and_number_are_told_before_the_run(tmp_path: Path) -> None:
    found = survey(parts(write_photos(tmp_path / "a", [1, 2])).judge_on, (375.0, 375.0), ProtocolConfig())
    assert found.covers == pytest.approx(0.25)  # of a sign 750 mm high
    assert found.smallest_px == 24
    assert not found.doubt((375.0, 375.0), "stop")
    large = survey(parts(tmp_path / "a").judge_on, (6000.0, 4000.0), ProtocolConfig())
    assert "is larger than most stops" in large.doubt((6000.0, 4000.0), "stop")


@pytest.mark.slow
def test_drawn_pictures_are_counted_without_drawing_them_all() -> None:
    found = survey(RoadScenes(RoadConfig(images=500, width_px=96, height_px=64)), (600.0, 300.0), ProtocolConfig(), 96)
    assert (found.pictures, found.looked_at, found.objects) == (96, 8, 8)


def test_what_cannot_be_judged_is_refused_before_the_first_step(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "a", [], without=3)
    with pytest.raises(BadInput, match="nothing to judge on: 3 pictures"):
        expect_wearers(survey(parts(root, share=0.0).judge_on, (1.0, 1.0), ProtocolConfig()), "stop", "")


class Blind(ToyDetector):
    """Reports nothing."""

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        none = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
        return (none,) * len(outputs.scores)


def test_a_victim_that_sees_nothing_is_told_before_the_first_step() -> None:
    assert "toy sees none of the first 3 objects (board)" in sees_none(Blind(), ToyScenes(3), torch.device("cpu"))
    assert not sees_none(ToyDetector(confidence=0.0), ToyScenes(3), torch.device("cpu"))


def test_a_victim_that_does_not_know_the_label_is_not_called_blind() -> None:
    assert not sees_none(Blind(labels=("cat", "dog")), ToyScenes(3), torch.device("cpu"))
