"""A patch that is optimised on several victims, as a user runs it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.running import physadv
from tests.small import LITTLE_JUDGED, SMALL_ROAD

pytestmark = pytest.mark.slow

QUICK = ["size=smoke", "progress=false", *SMALL_ROAD, "scenes.distance_m=[4,10]", *LITTLE_JUDGED]
SSD = "torchvision/ssdlite320_mobilenet_v3_large"
TWO = f"victims=[sign-nano,{{part:{SSD},weights:random,weight:2.0}}]"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished smoke run on two victims."""
    out = tmp_path_factory.mktemp("runs") / "two"
    done = physadv("generate", *QUICK, TWO, "ensemble=worst", f"out={out}")
    assert done.returncode == 0, done.stderr
    assert f"victims sign-nano, 2 × {SSD} (worst)" in done.stderr
    return out


def test_the_record_names_all_victims_and_counts_the_images_of_each(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert [victim["name"] for victim in record["victims"]] == ["sign-nano", SSD]
    assert record["queries"] == 2 * (4 * 2 + 2)  # victims × (steps × images a step + those held out, measured once)


def test_the_report_judges_all_of_them(run: Path) -> None:
    scores = json.loads((run / "scores.json").read_text())
    assert [victim["name"] for victim in scores["victims"]] == ["sign-nano", SSD]


def test_the_curves_show_each_of_them(run: Path) -> None:
    with (run / "curves.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        losses = [float(row[f"loss_{name}"]) * weight for name, weight in (("sign-nano", 1), (SSD, 2))]
        assert max(losses) - 1e-4 <= float(row["loss_goal"]) <= sum(losses)  # the worst image by image
        shares = [float(row[f"success_{name}"]) for name in ("sign-nano", SSD)]
        assert float(row["success"]) == pytest.approx(sum(shares) / 2, abs=1e-3)


def test_another_ensemble_is_another_run(run: Path) -> None:
    done = physadv("generate", *QUICK, TWO, "ensemble=rotate", f"out={run}", "resume=true")
    assert done.returncode == 2
    assert "other options for ensemble" in done.stderr


HARDER = [
    "transfer.cutout.probability=0.9", "transfer.erase.share=[0.2,0.5]", "transfer.shake.probability=0.5",
    "transfer.curriculum.sharpness=10",
]  # fmt: skip


def test_all_that_makes_optimising_harder_is_announced_and_fits_together(tmp_path: Path) -> None:
    done = physadv("generate", *QUICK, TWO, "ensemble=rotate", *HARDER, "dry_run=true", f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert "while optimising: cutout, erased blocks, shaken victims, curriculum of viewpoints" in done.stderr


BAD = {
    "unknown way": (["ensemble=best"], "expected one of [weighted, worst, rotate, balanced]"),
    "weight": (["victims=[{part:sign-nano,weight:-1}]"], "weight of 'sign-nano' in victims"),
    "weight is a word": (["victims=[{part:sign-nano,weight:much}]"], "positive number, got 'much'"),
    "cutout": (["transfer.cutout.probability=2"], "transfer.cutout.probability must be from 0 to 1"),
    "erase": (["transfer.erase.share=[0.2]"], "transfer.erase.share must be two numbers"),
    "shake": (["transfer.shake.forward=[2,0]"], "transfer.shake.forward must go from low to high"),
    "nothing to shake": (["victims=[{part:torchvision/ssd300_vgg16,weights:random}]", "transfer.shake.probability=0.5"],
                         "has no residual branches"),
    "curriculum": (["transfer.curriculum.yaw_bins=0"], "transfer.curriculum.yaw_bins must be within"),
    "no part": (["victims=[{weight:2}]"], "part"),
    "missing label": (["goal=alter", "goal.to=person", f"victims=[{{part:{SSD},weights:random}},sign-nano]"],
                      "victim 'sign-nano' does not fit"),
    "strange scenes": ([f"victims=[sign-nano,{{part:{SSD},weights:random}}]", "scenes.sign=yield"],
                       f"victim '{SSD}' does not fit"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_one_line_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    options, hint = BAD[case]
    done = physadv("generate", *QUICK, *options, f"out={tmp_path / 'run'}")
    assert done.returncode == 2, done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
