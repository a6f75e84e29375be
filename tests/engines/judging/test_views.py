"""A picture is judged under the same draws in whatever batch it comes, and in whatever company."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.views import ViewSource
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, KorniaStage, LightConfig, OpticsConfig, SensorConfig
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes
from tests.engines.judging.toy_trial import quiet, trial

CLOTH = PatchImage(torch.rand(3, 32, 48, generator=torch.Generator().manual_seed(1)), torch.ones(1, 32, 48), 500.0)


def config(**changes: Any) -> EotConfig:
    """Light, blur, noise and a shadow that vary."""
    made = EotConfig(
        light=LightConfig(exposure_ev=[-1.0, 1.0]), optics=OpticsConfig(defocus_px=[0.0, 2.0]),
        sensor=SensorConfig(read=[0.01, 0.05]),
    )  # fmt: skip
    return replace(made, **changes)


def pictures(eot: EotConfig, batch: int, patch: PatchImage) -> dict[str, Tensor]:
    """Every picture of a short road, by name and draw."""
    road = RoadScenes(RoadConfig(width_px=96, height_px=64, images=5, distance_m=[3.0, 6.0]))
    showing = ViewSource(road, build_renderer(eot, None), batch, 2, 0, 7, torch.device("cpu"))
    return {
        key + view.name: image
        for view in showing.views()
        for key, image in zip(view.scene.keys, showing.render(view, patch), strict=True)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "repeats"),
    [({}, False), ({}, True), ({"kornia": [KorniaStage("RandomAffine", {"degrees": 20.0})]}, False)],
)
def test_a_picture_looks_the_same_in_any_batch(changes: dict[str, Any], repeats: bool) -> None:
    patch = replace(CLOTH, repeats=repeats)
    alone, *others = (pictures(config(**changes), batch, patch) for batch in (1, 2, 5))
    assert len(alone) == 10
    assert not torch.equal(alone["road-00000#0"], alone["road-00000#1"])
    for found in others:
        assert all(torch.allclose(alone[name], found[name], atol=1e-6) for name in alone)


@pytest.mark.slow
def test_a_picture_is_seen_under_draws_of_its_own() -> None:
    road = RoadScenes(RoadConfig(width_px=96, height_px=64, images=4))
    showing = ViewSource(road, build_renderer(config(), None), 4, 1, 0, 7, torch.device("cpu"))
    (view,) = showing.views()
    exposures = {float(draws.stages["light"]["exposure_ev"][0]) for draws in view.draws}
    assert len(exposures) == 4


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 4, 8])
def test_scores_and_files_do_not_depend_on_the_batch(batch: int, tmp_path: Path) -> None:
    texts, floats = [], []
    for name, size in (("here", batch), ("there", 3)):
        evaluate(trial(batch=size, draws=2), tmp_path / name, quiet)
        written = (tmp_path / name / "scores.json").read_text()
        numbers: list[float] = []
        scores = json.loads(written, parse_float=lambda digits, kept=numbers: kept.append(float(digits)))
        scores["protocol"].pop("batch")
        files = sorted((tmp_path / name / "coco").glob("*.json"))
        texts.append([json.dumps(scores), *(file.read_text() for file in files)])
        floats.append(numbers)
    assert texts[0] == texts[1]
    assert floats[0] == pytest.approx(floats[1], rel=1e-4, abs=1e-5)  # SSIM is float32


def test_no_more_pictures_are_shown_than_were_asked_for() -> None:
    for batch in (2, 4):
        road = RoadScenes(RoadConfig(width_px=96, height_px=64, images=5))
        showing = ViewSource(road, build_renderer(EotConfig(), None), batch, 1, 3, 0, torch.device("cpu"))
        assert [key for view in showing.views() for key in view.scene.keys] == [f"road-{i:05d}" for i in range(3)]
