"""Protocols decide on what the objects are, and where the patch sits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from physadv.core.types import PatchImage, SceneBatch
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.judging.protocol_scenes import ByProtocol
from physadv.engines.judging.trial import Trial
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.engines.judging.toy_trial import SeeThrough, quiet
from tests.running import ROOT, physadv
from tests.small import LITTLE_JUDGED, SMALL_ROAD
from tests.toys import BOX, ToyDetector, ToyScenes

PRESETS = sorted(file.stem for file in (ROOT / "conf" / "protocol").glob("*.yaml"))


def placed(**options: object) -> SceneBatch:
    protocol = ProtocolConfig(placement="box", **options)  # type: ignore[arg-type]
    scenes = ByProtocol(ToyScenes(1), protocol, (400.0, 100.0), ToyDetector(), "board", torch.device("cpu"))
    return next(iter(scenes.sweep(1)))


@pytest.mark.parametrize(
    ("side_of", "side_px"), [("diagonal", 512**0.5), ("height", 16), ("width", 16), ("longer", 16)]
)
def test_a_patch_is_sized_by_the_box_through_its_area(side_of: str, side_px: float) -> None:
    surface = placed(side=0.5, side_of=side_of).image_from_surface[0]
    wide_px, tall_px = float(surface[0, 0]) * 400, float(surface[1, 1]) * 100
    assert wide_px / tall_px == pytest.approx(4)
    assert (wide_px * tall_px) ** 0.5 == pytest.approx(0.5 * side_px, rel=1e-5)


def test_a_patch_sits_in_the_middle_of_the_box_or_above_it() -> None:
    middle, above = placed().image_from_surface[0], placed(up=0.25).image_from_surface[0]
    assert middle[:2, 2].tolist() == [(BOX[0] + BOX[2]) / 2 - 0.5, (BOX[1] + BOX[3]) / 2 - 0.5]
    assert float(middle[1, 2] - above[1, 2]) == pytest.approx(0.25 * (BOX[3] - BOX[1]))


def test_objects_too_small_for_the_protocol_do_not_count() -> None:
    assert placed(min_height_px=16).wears.all()
    assert not placed(min_height_px=17).wears.any()


def test_detections_as_truth_are_the_victims_own() -> None:
    """The toy detector reports every red board; on grey pictures it is unsure, so none is an object."""
    found = placed(truth="detections", truth_confidence=0.01)
    assert found.boxes_xyxy_px.tolist() == [list(BOX)]
    assert not placed(truth="detections", truth_confidence=0.999).wears.any()


def test_each_victim_is_judged_on_its_own_truth(tmp_path: Path) -> None:
    black = PatchImage(torch.zeros(3, 8, 8), torch.ones(1, 8, 8), 16.0)
    protocol = ProtocolConfig(truth="detections", truth_confidence=0.05, placement="box", confidence=0.05, count="all")
    victims = [ToyDetector(steepness=0.1), ToyDetector("blunt", steepness=0.01)]
    trial = Trial(
        black, ToyScenes(4), SeeThrough(), victims, Hide(HideConfig()), "hide", 0, torch.device("cpu"), batch=2,
        resamples=10, protocol=protocol, worn_by="board",
    )  # fmt: skip
    scores = evaluate(trial, tmp_path, quiet)
    assert [v["name"] for v in scores["victims"]] == ["toy", "blunt"]
    assert {p.name for p in (tmp_path / "coco").glob("*ground*")} == {
        "toy-ground_truth.json",
        "blunt-ground_truth.json",
    }
    clean = [next(s for s in v["conditions"][0]["scores"] if s.name == "recall") for v in scores["victims"]]
    assert [s.value for s in clean] == pytest.approx([1.0, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_a_named_protocol_judges_and_says_how_it_differs_from_its_paper(
    preset: str, finished_run: Path, tmp_path: Path
) -> None:
    done = physadv(
        "evaluate", f"patch={finished_run / 'patch.png'}", "width_mm=400", f"protocol={preset}",
        *LITTLE_JUDGED, *SMALL_ROAD, "scenes.distance_m=[4,8]", "progress=false", f"out={tmp_path / 'run'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    protocol = json.loads((tmp_path / "run" / "scores.json").read_text())["protocol"]
    assert protocol["name"] == preset
    assert bool(protocol["differs"]) == bool(protocol["source"]) == (preset != "physadv")
