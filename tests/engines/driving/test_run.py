"""All means on a world with known answers, their controls, resuming, and the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.core.errors import IncompatibleParts
from physadv.core.problem.norm import Norm
from physadv.core.problem.patch_problem import Budget
from physadv.engines.driving.aims import AttackAim
from physadv.engines.driving.curves import conditions_of, curves_of
from physadv.engines.driving.fixed_change import OverlayPlace
from physadv.engines.driving.run import DrivenArm, driven
from physadv.engines.driving.specs import (
    MEANS,
    Attacker,
    Driver,
    DriveTask,
    NoiseSpec,
    PrintSpec,
    UniversalSpec,
)
from physadv.engines.driving.table import medians, rows_of
from physadv.engines.driving.timing import AttackTiming
from physadv.engines.driving.workshop import Workshop
from physadv.parts.attacks.patch.eot import Eot, adam
from physadv.parts.attacks.patch.options import EotAdamConfig
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.patches.raster import Raster
from tests.engines.driving.toys import RedStops, ToyCrossing, ToyPolicy

CPU = torch.device("cpu")
Make = Callable[[], Any]


def make_patch() -> Raster:
    return Raster(torch.full((3, 2, 2), 0.5), torch.ones(1, 2, 2), 200.0)


def the_task(**changes: Any) -> DriveTask:
    policy = ToyPolicy()
    hung = PrintSpec("sign", make_patch, Eot(adam, EotAdamConfig(lr=0.1)), "eot-adam", (), None, None,
                     Budget(20, 8, 1, 8), rounds=2)  # fmt: skip
    task = DriveTask(
        worlds=(ToyCrossing(),), drivers=(Driver(policy, (Attacker("white", policy),)),), means=tuple(MEANS),
        aim=AttackAim("go"), timing=AttackTiming(), noises=(NoiseSpec("fgsm", Fgsm(), Norm.linf, 0.45, "0.45"),),
        universals=(UniversalSpec(0.45, "0.45"),), overlays=(OverlayPlace(4),), hung=hung, moments=16, steps=20,
        minibatch=8, seeds=tuple(range(24)), trained_on=tuple(range(100, 116)), batch=8, seed=0,
    )  # fmt: skip
    return replace(task, **changes)


def drive(task: DriveTask, out: Path, tell: Callable[[DrivenArm, int], None] = lambda arm, count: None) -> list[Any]:
    return rows_of(list(driven(task, Workshop(task, out, (), CPU, quantised=True), tell)))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("driven")


@pytest.fixture(scope="module")
def rows(out: Path) -> list[Any]:
    return drive(the_task(), out)


def value(rows: list[Any], key: str, measure: str = "violation") -> float:
    row = next(row for row in rows if row["key"] == key)
    found: float = next(score["value"] for score in row["scores"] if score["name"] == measure)
    return found


ATTACKS = ("noise-fgsm-linf-0.45-white", "universal-0.45-white", "overlay-4px-white", "print-sign-white")


@pytest.mark.parametrize("key", ATTACKS)
def test_every_means_makes_the_policy_go_at_red_signs(rows: list[Any], key: str) -> None:
    assert value(rows, "clean") == 0.0
    assert value(rows, key) == 1.0


def test_every_attack_has_controls_of_its_size_beside_it(rows: list[Any]) -> None:
    controls = {row["of"]: row for row in rows if row["role"] == "control"}
    assert set(controls) == set(ATTACKS)
    assert all(row["told"] == controls[row["key"]]["told"] for row in rows if row["role"] == "attack")


def test_differences_are_paired_and_shares_have_wilsons_interval(rows: list[Any]) -> None:
    row = next(row for row in rows if row["key"] == "print-sign-white")
    returned, violation = row["differences"]
    assert (returned["value"], returned["n"], violation["value"]) == (-1.0, 24, 1.0)
    assert row["scores"][1]["n"] == 12  # who saw no red sign could not violate it
    assert row["scores"][1]["low"] is None  # fewer than twenty
    assert row["scores"][0]["low"] < row["scores"][0]["value"] < row["scores"][0]["high"]


def test_a_stopped_run_goes_on_and_gives_the_same(rows: list[Any], out: Path) -> None:
    dropped = sorted(out.glob("episodes/*/*/print-sign-white/*.json"))[-1]
    dropped.unlink()
    again = drive(the_task(), out)
    assert dropped.is_file()
    assert str([row["scores"] for row in again]) == str([row["scores"] for row in rows])


def test_other_seeds_are_driven_anew(rows: list[Any], out: Path, tmp_path: Path) -> None:
    del out
    few = drive(the_task(seeds=(0, 2), means=()), tmp_path)
    assert few[0]["scores"][1] == {**few[0]["scores"][1], "n": 2, "low": None, "high": None}


def test_a_print_is_hung_in_other_worlds_and_before_other_policies(tmp_path: Path) -> None:
    weak = ToyPolicy(victim=RedStops(name="weak", digest="fedcba9876543210", steepness=2.0))  # type: ignore[arg-type]
    own = Driver(weak, (Attacker("white", weak), Attacker("transfer", ToyPolicy(), "red-stops")))
    task = the_task(worlds=(ToyCrossing(), replace(ToyCrossing(), name="elsewhere")), means=("print",),
                    drivers=(*the_task().drivers, own))  # fmt: skip
    found = drive(task, tmp_path)
    assert {row["key"] for row in found if row["world"] == "elsewhere" and row["policy"] == "weak"} == {
        "clean", "print-sign-white", "print-sign-transfer-red-stops", "print-sign-grey", "print-sign-random",
    }  # fmt: skip
    (median,) = [row for row in medians(found) if row["key"] == "print-sign-white" and row["world"] == "elsewhere"]
    assert (median["policies"], median["scores"][1]["value"]) == (2, 1.0)


def test_curves_run_over_what_the_world_tells(rows: list[Any]) -> None:
    seeds = tuple(range(24))
    conditions = {"toy-crossing": conditions_of(ToyCrossing(), seeds)}
    (curve,) = [one for one in curves_of(rows, conditions, seeds)
                if (one["arm"], one["measure"]) == ("print-sign-white", "violation")]  # fmt: skip
    assert curve["condition"] == "speed_m_s"
    assert [point["value"] for point in curve["points"]] == [1.0] * len(curve["points"])


def test_a_slot_that_is_none_is_refused(tmp_path: Path) -> None:
    hung = the_task().hung
    assert hung is not None
    with pytest.raises(IncompatibleParts, match="has no slot 'roof'; it has sign"):
        drive(the_task(hung=replace(hung, slot="roof"), means=("print",)), tmp_path)
