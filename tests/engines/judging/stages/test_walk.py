"""The walk from the screen to the street on toys: each world is known to hide or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.types import Draws, PatchImage, SceneBatch
from physadv.engines.judging.cost import measured_judging
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.rungs import Rung
from physadv.engines.judging.trial import groups
from physadv.library.report.pages.run import write_report
from physadv.library.report.stage_words import stage_lines
from tests.engines.judging.toy_trial import SeeThrough, quiet, trial


class Still(SeeThrough):
    """Nothing varies."""

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        return Draws({"light": {"gain": torch.ones(len(scene.keys))}})


class Redder(Still):
    """Shows every patch as red as the board that it should hide."""

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Any) -> Tensor:
        red = torch.tensor([1.0, 0.0, 0.0])[:, None, None].expand_as(patch.srgb)
        return super().render(scene, replace(patch, srgb=patch.srgb * 0.1 + red * 0.9), draws)


WORLDS = (
    Rung((), Still()), Rung(("relight",), Still()), Rung(("relight", "cloth"), Redder()),
    Rung(("relight", "cloth", "camera"), Redder()), Rung(("cloth", "camera"), Redder()),
    Rung(("relight", "camera"), Still()),
)  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("walk")
    evaluate(trial(renderer=Redder(), rungs=WORLDS), out, quiet)
    return out


def way(out: Path) -> dict[str, Any]:
    (found,) = json.loads((out / "scores.json").read_text())["stages"]
    return dict(found)


def test_the_stage_that_takes_the_effect_is_found_both_ways(judged: Path) -> None:
    found = way(judged)
    levels = [(row["stage"], row["success"]["patch"]["value"]) for row in found["added"]]
    assert levels == [("screen", 1.0), ("relight", 1.0), ("cloth", 0.0), ("camera", 0.0)]
    steps = [row["change"]["patch"] for row in found["added"][1:]]
    assert [(step["value"], step["minus"]) for step in steps] == [(0, "screen"), (-1, "relight"), (0, "cloth")]
    back = {row["stage"]: row["change"]["patch"]["value"] for row in found["left_out"]}
    assert back == {"relight": 0.0, "cloth": 1.0, "camera": 0.0}
    assert all(row["success"]["patch"]["n"] == 6 for row in found["added"] + found["left_out"])


def test_steps_have_paired_intervals_and_grey_stands_beside(judged: Path) -> None:
    row = way(judged)["added"][2]
    assert row["change"]["patch"]["low"] < -0.5 < row["change"]["patch"]["high"] < 0
    assert set(row["success"]) == {"patch", "grey"}
    assert row["above_grey"]["minus"] == "grey"


def test_the_page_and_the_terminal_tell_of_the_stages_only_where_they_were_judged(judged: Path, tmp_path: Path) -> None:
    (line,) = stage_lines(json.loads((judged / "scores.json").read_text()))
    assert "the largest step down is cloth, -100 points" in line
    assert "left out alone, cloth gives back most, +100 points" in line
    page = write_report(judged).read_text()
    assert "From the screen to the street" in page
    assert "all without cloth" in page
    scores = json.loads((judged / "scores.json").read_text())
    del scores["stages"]
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    assert "From the screen to the street" not in write_report(tmp_path).read_text()
    assert not stage_lines(scores)


def test_nothing_is_left_of_what_was_kept_on_the_way(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    evaluate(trial(renderer=Redder(), rungs=WORLDS, fingerprint="one"), tmp_path, lambda *both: done.append(both))
    assert not (tmp_path / "observed").exists()
    assert done == sorted(done)
    assert done[-1] == (42, 42)


def test_the_forecast_counts_the_worlds() -> None:
    plain, walking = trial(renderer=Still()), trial(renderer=Still(), rungs=WORLDS * 50)
    assert measured_judging(walking, groups(walking), 4) > 3 * measured_judging(plain, groups(plain), 4)
