"""A victim behind its defence is judged once, with all patches made against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.core.types import PatchImage, SceneBatch
from physadv.engines.judging.defenses import cells
from physadv.engines.judging.defenses.alarm_rates import with_alarms
from physadv.engines.judging.defenses.cells import judged_cell
from physadv.engines.judging.defenses.latency import latencies
from physadv.engines.judging.evaluate import evaluate, shown_of
from physadv.engines.judging.trial import groups
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


class Bluish(ToyDefense):
    """Raises an alarm where there is blue, and changes nothing."""

    name, kind = "bluish", DefenseKind.alarm

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return AlarmedByBlue(victim, self, {})


class AlarmedByBlue(Defended[Any, Any]):
    def alarm(self, images: Tensor) -> Tensor:
        return images[:, 2, 10:20, 10:20].amax((1, 2)) / 0.7

    def to(self, device: torch.device | str) -> AlarmedByBlue:
        return self


def test_an_alarm_is_counted_under_every_arm(tmp_path: Path) -> None:
    blue = PatchUnderTest("adaptive", replace(RED, srgb=RED.srgb.flip(0)))
    alarmed = replace(TRIAL, victims=[Bluish().around(ToyDetector())], others=(blue,))
    found = {arm["condition"]: arm for arm in judged_cell(alarmed, "toy", tmp_path, quiet)["conditions"]}
    assert "alarms" not in found["clean"]
    raised = {name: score_named(arm["alarms"], "alarms") for name, arm in found.items() if "alarms" in arm}
    assert raised["adaptive"] is not None
    assert raised["patch"] is not None
    assert (raised["adaptive"]["value"], raised["patch"]["value"], raised["patch"]["n"]) == (1, 0, 6)
    area = score_named(found["adaptive"]["alarms"], "AUROC")
    assert area is not None
    assert area["value"] == 1


def test_alarms_are_read_alike_from_memory_and_from_a_file() -> None:
    alarmed = replace(TRIAL, victims=[Bluish().around(ToyDetector())])
    (group,) = groups(alarmed)
    conditions = [{"condition": arm} for arm in shown_of(alarmed)]
    told = with_alarms({"conditions": conditions}, group.watched[0].victim, group.showing, shown_of(alarmed))
    (found,) = [arm["alarms"] for arm in told["conditions"] if arm["condition"] == "patch"]
    assert score_named(found, "AUROC") is not None


class Proves(ToyDefense):
    """Proves what it says of the left half of a picture."""

    name, kind = "proves", DefenseKind.certified

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return Proven(victim, self, {})


class Proven(Defended[Any, Any]):
    def certified(self, images: Tensor, scene: SceneBatch) -> Tensor:
        return scene.boxes_xyxy_px[:, 0] < images.shape[-1] / 2

    def to(self, device: torch.device | str) -> Proven:
        return self


def test_the_share_that_is_proven_stands_with_the_clean_pictures(tmp_path: Path) -> None:
    proving = replace(TRIAL, victims=[Proves().around(ToyDetector())])
    clean, *others = judged_cell(proving, "toy", tmp_path, quiet)["conditions"]
    (found,) = clean["certified"]
    assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1
    assert found["n"] > 0
    assert not any("certified" in arm for arm in others)


def test_clean_pictures_are_compared_with_those_of_the_bare_victim(tmp_path: Path) -> None:
    both = replace(TRIAL, victims=[ToyDetector(), BEHIND])
    bare, behind = evaluate(both, tmp_path, quiet)["victims"]
    assert "against_bare" not in bare
    assert {(one.score, one.minus) for one in behind["against_bare"]} == {("AP50", "toy"), ("recall", "toy")}


def test_a_defence_without_an_alarm_has_none(tmp_path: Path) -> None:
    assert not any("alarms" in arm for arm in judged_cell(TRIAL, "toy", tmp_path, quiet)["conditions"])
