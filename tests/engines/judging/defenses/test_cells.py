"""A victim behind its defence is judged once, with all patches made against it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.core.types import PatchImage
from physadv.engines.judging.defenses import cells
from physadv.engines.judging.defenses.cells import judged_cell
from physadv.engines.judging.defenses.latency import latencies
from physadv.library.report.arms import score_named
from physadv.parts.patches.controls import PatchUnderTest
from physadv.testing.toys import ToyDefense, ToyDetector
from tests.engines.judging.toy_trial import quiet, trial

RED = PatchImage(torch.tensor([0.9, 0.1, 0.1])[:, None, None].repeat(1, 8, 8), torch.ones(1, 8, 8), 16.0)
BEHIND = ToyDefense().around(ToyDetector())
TRIAL = trial(victims=[BEHIND], others=(PatchUnderTest("adaptive", RED),))


def success(arm: Mapping[str, Any]) -> Any:
    score = score_named(arm["scores"], "success")
    assert score
    return score["value"]


def test_every_patch_is_an_arm_with_its_difference_to_the_unaware_one(tmp_path: Path) -> None:
    made = judged_cell(TRIAL, "toy", tmp_path, quiet)
    found = {arm["condition"]: arm for arm in made["conditions"]}
    assert list(found) == ["clean", "grey", "random", "patch", "adaptive"]
    assert success(found["patch"]) == 1
    assert success(found["adaptive"]) == 0
    assert {"adaptive", "clean"} <= {one["minus"] for one in found["patch"]["differences"]}


def test_a_cell_that_is_there_is_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = judged_cell(TRIAL, "toy", tmp_path, quiet)
    monkeypatch.setattr(cells, "observe", None)
    assert judged_cell(TRIAL, "toy", tmp_path, quiet) == made


def test_a_damaged_cell_is_judged_again(tmp_path: Path) -> None:
    made = judged_cell(TRIAL, "toy", tmp_path, quiet)
    (file,) = (tmp_path / "cells").glob("*.json")
    file.write_text("{")
    assert judged_cell(TRIAL, "toy", tmp_path, quiet) == made


def test_latency_is_relative_to_the_first_victim() -> None:
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    bare, behind = latencies([ToyDetector(), BEHIND], image, rounds=3)
    assert bare.ratio == 1
    assert bare.ms > 0
    assert behind.ms > 0
