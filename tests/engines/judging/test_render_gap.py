"""Two renderers on the same scenes: their gap in scores and in pixels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.types import Draws, PatchImage, SceneBatch
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.render_gap import compared
from physadv.library.report.pages.run import write_report
from tests.engines.judging.toy_trial import SeeThrough, quiet, trial


class Still(SeeThrough):
    """Nothing varies."""

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        return Draws({"light": {"gain": torch.ones(len(scene.keys))}})


class Redder(Still):
    """Sees every patch redder than it is."""

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Any) -> Tensor:
        red = torch.tensor([1.0, 0.0, 0.0])[:, None, None].expand_as(patch.srgb)
        return super().render(scene, replace(patch, srgb=patch.srgb * 0.1 + red * 0.9), draws)


def scores_of(out: Path) -> dict[str, Any]:
    gap: dict[str, Any] = json.loads((out / "scores.json").read_text())["gap"]
    return gap


@pytest.mark.slow
def test_two_renderers_that_are_the_same_have_no_gap(tmp_path: Path) -> None:
    evaluate(trial(renderer=Still(), beside=Still()), tmp_path, quiet)
    gap = scores_of(tmp_path)
    for row in gap["scores"]:
        for score in row["scores"]:
            assert score["difference"]["value"] == pytest.approx(0)
            assert score["twin"]["value"] == pytest.approx(score["ours"]["value"])
    assert gap["agreement"]["rmse"] == 0
    assert gap["agreement"]["pixels"] == 6 * 16 * 16


@pytest.mark.slow
def test_a_success_that_only_one_renderer_shows_is_the_gap(tmp_path: Path) -> None:
    """Black hides the red board; seen as red it does not."""
    evaluate(trial(renderer=Redder(), beside=Still()), tmp_path, quiet)
    gap = scores_of(tmp_path)
    success = next(r for r in gap["scores"] if r["condition"] == "patch")["scores"][0]
    assert success["name"] == "success"
    assert (success["twin"]["value"], success["ours"]["value"], success["difference"]["value"]) == (0.0, 1.0, -1.0)
    assert gap["agreement"]["bias"] > 0.2
    assert (tmp_path / "gap.png").stat().st_size > 1000


@pytest.mark.slow
def test_the_report_shows_the_gap_only_where_there_is_one(tmp_path: Path) -> None:
    for name, beside in (("one", None), ("two", Still())):
        evaluate(trial(renderer=Still(), beside=beside), tmp_path / name, quiet)
        page = write_report(tmp_path / name).read_text()
        assert ("Render gap" in page) == (beside is not None)


def test_agreement_counts_the_covered_pixels_only() -> None:
    laid, covered = torch.zeros(3, 4, 4), torch.zeros(4, 4, dtype=torch.bool)
    covered[0, :2] = True
    traced = laid.clone()
    traced[:, 0, 0], traced[:, 3, 3] = 0.2, 1.0
    found = compared("key", 3.0, traced, laid, covered)
    assert (found.pixels, found.mean_abs) == (2, pytest.approx(0.1))
    assert found.rmse == pytest.approx(0.02**0.5)
    assert compared("key", 3.0, traced, laid, torch.zeros_like(covered)).pixels == 0
