"""From scenes to scores: controls, intervals and files, with toys whose answers are known."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.core.types import PatchImage
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.options import ProtocolConfig
from physadv.parts.goals.detection import Conjure
from physadv.parts.goals.options import ConjureConfig
from physadv.parts.patches.controls import CLEAN, PATCH, PatchUnderTest, arms
from tests.engines.judging.toy_trial import quiet, trial
from tests.toys import ToyDetector, ToyScenes, one_scene


def read(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (out / "scores.csv").open(newline="") as stream:
        return {(r["condition"], r["score"]): r for r in csv.DictReader(stream) if not r["by"]}


@pytest.mark.slow
def test_a_black_patch_hides_every_red_board_and_the_grey_one_none(tmp_path: Path) -> None:
    evaluate(trial(), tmp_path, quiet)
    rows = read(tmp_path)
    assert (float(rows["clean", "AP50"]["value"]), float(rows["clean", "recall"]["value"])) == (1.0, 1.0)
    assert (float(rows["patch", "success"]["value"]), int(rows["patch", "success"]["n"])) == (1.0, 6)
    assert 0.5 < float(rows["patch", "success"]["low"]) < 1.0
    assert float(rows["grey", "success"]["value"]) == 0.0
    assert ("clean", "success") not in rows


@pytest.mark.slow
def test_the_files_are_complete_and_hold_no_nan(tmp_path: Path) -> None:
    evaluate(trial(draws=2), tmp_path, quiet)
    ground = json.loads((tmp_path / "coco" / "ground_truth.json").read_text())
    assert len(ground["images"]) == len(ground["annotations"]) == 12
    assert len({image["file_name"] for image in ground["images"]}) == 12
    for arm in ("clean", "grey", "random", "patch"):
        assert isinstance(json.loads((tmp_path / "coco" / f"toy-{arm}.json").read_text()), list)
    scores = json.loads((tmp_path / "scores.json").read_text(), parse_constant=pytest.fail)
    assert scores["protocol"]["objects"] == 6
    outcomes = scores["victims"][0]["conditions"][0]["outcomes"]
    assert sum(outcomes.values()) == 12
    assert (tmp_path / "contact.png").stat().st_size > 1000


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        evaluate(
            trial(patch=PatchImage(torch.full((3, 8, 8), 0.42), torch.ones(1, 8, 8), 16.0)), tmp_path / name, quiet
        )
        texts.append((tmp_path / name / "scores.json").read_text())
    assert texts[0] == texts[1]


def test_every_arm_sees_the_same_draws() -> None:
    """The controls differ from the patch in their texels alone."""
    patch = PatchImage(torch.rand(3, 8, 12), (torch.rand(1, 8, 12) > 0.5).float(), 30.0)
    made = arms(patch, seed=1)
    for name, shown in made.items():
        assert (shown.width_mm, shown.height_mm, shown.srgb.shape) == (30.0, 20.0, patch.srgb.shape)
        assert torch.equal(shown.alpha, torch.zeros_like(patch.alpha) if name == CLEAN else patch.alpha)
    assert torch.equal(made[PATCH].srgb, patch.srgb)
    assert 0.4 < made["random"].srgb.mean() < 0.6
    assert torch.equal(made["random"].srgb, arms(patch, seed=1)["random"].srgb)


def test_an_image_limit_is_kept(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    scores = evaluate(trial(images=2, batch=1), tmp_path, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    assert scores["protocol"]["objects"] == 2


@pytest.mark.slow
def test_conjuring_needs_no_sight_of_the_wearer(tmp_path: Path) -> None:
    blue = PatchImage(torch.tensor([0.0, 0.0, 1.0])[:, None, None].expand(3, 8, 8), torch.ones(1, 8, 8), 16.0)
    goal = Conjure(ConjureConfig(to="ghost"))
    evaluate(trial(patch=blue, goal=goal, goal_name="conjure"), tmp_path, quiet)
    assert float(read(tmp_path)["patch", "success"]["value"]) == 1.0


@pytest.mark.slow
def test_two_victims_of_one_name_keep_their_own_files(tmp_path: Path) -> None:
    evaluate(trial(victims=[ToyDetector(), ToyDetector(confidence=0.9)]), tmp_path, quiet)
    assert (tmp_path / "coco" / "toy-2-patch.json").is_file()


@dataclass(frozen=True)
class Bare(ToyScenes):
    """Scenes in which nobody wears the patch."""

    def sweep(self, size: int, skip: int = 0) -> Any:
        scene = one_scene(2)
        yield replace(scene, wears=torch.zeros_like(scene.wears))


@dataclass(frozen=True)
class Mixed(ToyScenes):
    """Two images without any object, then one with a wearer."""

    def sweep(self, size: int, skip: int = 0) -> Any:
        scene = one_scene(2, seed=1)
        none = torch.zeros(0, dtype=torch.int64)
        yield replace(
            scene, image_of=none, boxes_xyxy_px=torch.zeros(0, 4), labels=none, wears=none.bool(),
            image_from_surface=torch.zeros(0, 3, 3), light=torch.zeros(0, 3),
        )  # fmt: skip
        yield one_scene(1)

    def __len__(self) -> int:
        return 3


def test_reports_on_images_without_objects_cost_precision(tmp_path: Path) -> None:
    scores = evaluate(trial(scenes=Mixed()), tmp_path, quiet)
    assert (scores["protocol"]["images"], scores["protocol"]["objects"]) == (3, 1)
    assert float(read(tmp_path)["clean", "recall"]["value"]) == 1.0
    # the detector reports all three red boards alike, and only the last one is an object
    assert float(read(tmp_path)["clean", "AP50"]["value"]) == pytest.approx(1 / 3, abs=1e-5)


def test_what_cannot_be_judged_explains_itself(tmp_path: Path) -> None:
    for changes, kind, named in (
        ({"scenes": Bare()}, BadInput, "none of them wears the patch"),
        ({"scenes": ToyScenes(0)}, BadInput, "not one image"),
        ({"victims": []}, BadOption, "no victim"),
        ({"draws": 0}, BadOption, "draws"),
        ({"protocol": ProtocolConfig(confidence=1.5)}, BadOption, "protocol.confidence"),
        ({"protocol": ProtocolConfig(truth="guesses")}, BadOption, "protocol.truth must be one of"),
        ({"protocol": ProtocolConfig(truth="detections")}, BadOption, "needs protocol.placement=box"),
        (
            {"others": (PatchUnderTest("b", PatchImage(torch.zeros(3, 8, 8), torch.ones(1, 8, 8), 20.0)),)},
            BadOption,
            "one size",
        ),
        ({"victims": [ToyDetector(labels=("cat", "dog"))]}, IncompatibleParts, "does not know"),
    ):
        with pytest.raises(kind, match=named):
            evaluate(trial(**changes), tmp_path, quiet)
    assert not list(tmp_path.iterdir())
