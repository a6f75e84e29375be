"""Pictures are attacked through the command: table, pictures and page, and a line for what cannot be."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from physadv.app.python.loading import load
from tests.running import ROOT, physadv
from tests.small import SMALL_ROAD

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FGSM and PGD at two bounds, and the smallest change, on sixteen digits."""
    out = tmp_path_factory.mktemp("perturb") / "run"
    done = physadv("perturb", "attacks=[fgsm,{part: pgd, steps: 10}]", "eps=[0.1,0.3]", "norm=linf", "images=16",
                   "batch=8", "shown=2", "progress=false", f"out={out}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "perturb.json").read_text())
    return found


def success(arm: dict[str, Any]) -> float:
    return float(arm["scores"][0]["value"])


def test_larger_bounds_fool_more_and_noise_fools_fewer(run: Path) -> None:
    arms = content(run)["arms"]
    assert [(arm["name"], arm["told"]) for arm in arms] == [
        ("fgsm", "0.1"), ("fgsm", "0.3"), ("pgd steps=10", "0.1"), ("pgd steps=10", "0.3")
    ]  # fmt: skip
    fgsm, far_fgsm, pgd, far_pgd = map(success, arms)
    assert fgsm <= pgd < far_pgd
    assert far_fgsm > 0.8
    assert all(arm["scores"][2]["name"] == "noise success" or arm["scores"][2]["value"] <= success(arm) for arm in arms)


def test_the_page_is_complete_in_itself(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert page.count("data:image/png;base64,") >= 12
    assert "robust accuracy over the bound in linf" in page
    assert "Success over questions" in page
    assert not re.search(r"(src|href)=.(?!data:|#)", page)
    rows = list(csv.DictReader((run / "perturb.csv").read_text().splitlines()))
    assert {row["attack"] for row in rows} == {"fgsm", "pgd steps=10"}
    assert all(float(row["linf"]) <= 0.3001 for row in rows)


def test_the_report_is_made_again_and_the_run_resumed(run: Path) -> None:
    before = (run / "report.html").read_text()
    (run / "report.html").unlink()
    done = physadv("report", str(run))
    assert done.returncode == 0, done.stderr
    assert (run / "report.html").read_text() == before


def test_python_opens_it(run: Path) -> None:
    opened = load(run)
    assert "fools digits/cnn on" in opened.headlines[0]
    assert {row.condition for row in opened.scores} >= {"clean", "fgsm, linf 0.1"}
    assert opened.score("success", "fgsm, linf 0.3").value == success(content(run)["arms"][1])


def test_each_attack_finds_its_own_norm_and_bound(tmp_path: Path) -> None:
    done = physadv("perturb", "attacks=[deepfool,one-pixel,fgsm]", "size=smoke", "images=4", "progress=false",
                   f"out={tmp_path / 'run'}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [(arm["norm"], arm["eps"] is None) for arm in content(tmp_path / "run")["arms"]]
    assert found[1:] == [("l0", False), ("linf", False)]
    assert found[0][1]


def test_levels_of_access_stand_side_by_side(tmp_path: Path) -> None:
    done = physadv("perturb", "threat=[white,scores,decisions,transfer]", "surrogate={part: digits, model: linear}",
                   "norm=linf", "eps=0.3", "size=smoke", "images=4", "progress=false",
                   f"out={tmp_path / 'run'}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    arms = content(tmp_path / "run")["arms"]
    assert [arm["threat"] for arm in arms] == ["white", "scores", "decisions", "transfer"]
    assert arms[0]["gradients"]["max"] > 0
    assert [arm["gradients"]["max"] for arm in arms[1:3]] == [0, 0]
    assert max(arms[1]["queries"]["max"], arms[2]["queries"]["max"]) <= 40
    assert arms[3]["surrogate"] == "digits/linear"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("norm=linf eps=8", "Did you mean eps=8/255"),
        ("targets=hyena", "no such label"),
        ("threat=scores", "attack=pgd needs gradients, but threat=scores gives only scores. Choose attack=square"),
        ("threat=grey", "threat=grey is no level of access"),
        ("threat=transfer", "name it with surrogate="),
        ("surrogate=digits", "surrogate= is for threat=transfer"),
        ("attack=fgsm norm=l0", "attack=fgsm does not know norm=l0"),
        ("attack=deepfool eps=0.1", "takes no eps"),
        ("attacks=[pgd,pgd]", "asked for twice"),
        ("attacks=[pgdd]", "no perturbations named 'pgdd'"),
        ("attack=eot-adam", "no attack named 'eot-adam'|'eot-adam'"),
        ("images=-1", "images must be"),
        ("batch=0", "batch must be"),
        ("scenes=road", "is a classifier"),
        ("scenes=digits scenes.only=[3] targets=3", "show the target already"),
        ("victim=sign-nano scenes=road targets=stop", "is for classifiers"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(typed: str, message: str, tmp_path: Path) -> None:
    done = physadv("perturb", *typed.split(), "size=smoke", "progress=false", f"out={tmp_path / 'run'}")
    assert done.returncode == 2, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_detector_is_attacked_by_its_goal(tmp_path: Path) -> None:
    done = physadv("perturb", "victim=sign-nano", "scenes=road", "scenes.width_px=160", "scenes.height_px=96",
                   "scenes.distance_m=[4,6]", "attack=fgsm", "eps=16/255", "images=2", "progress=false",
                   f"out={tmp_path / 'run'}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = content(tmp_path / "run")
    assert found["goal"] == "hide"
    assert found["pictures"][0]["label"] == "goal not reached"


def test_a_dry_run_tells_the_cost(tmp_path: Path) -> None:
    done = physadv("perturb", "dry_run=true", "images=20", f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert "cost    about" in done.stderr
    assert not (tmp_path / "run" / "perturb.json").exists()


PRESETS = sorted((ROOT / "conf" / "experiment" / "perturb").glob("*.yaml"))
BY_DOCS = {"lecture_fgsm", "lecture_threats"}


@pytest.mark.parametrize("preset", [p.stem for p in PRESETS if p.stem not in BY_DOCS])
def test_a_preset_runs_in_its_smallest_form(preset: str, tmp_path: Path) -> None:
    small = SMALL_ROAD if preset == "lecture_stop_sign" else []
    if preset == "lecture_panda":
        pytest.importorskip("efficientnet_lite_pytorch", reason="the extra lecture is not installed")
    done = physadv("perturb", f"experiment={preset}", "size=smoke", "images=2", "progress=false", *small,
                   f"out={tmp_path / 'run'}")  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", [*PRESETS, *(ROOT / "conf" / "size" / "perturb").glob("*.yaml")], ids=lambda f: f.stem)
def test_a_preset_opens_with_what_it_is_and_how_to_run_it(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# ")
    group = "experiment" if "experiment" in file.parts else "size"
    assert lines[2].startswith(f"# physadv perturb {group}={file.stem}")


def test_presets_of_other_commands_are_not_offered(tmp_path: Path) -> None:
    done = physadv("perturb", "experiment=stop_sign_hide", cwd=tmp_path)
    assert "there is no experiment named 'stop_sign_hide'." in done.stderr
    assert "lecture_fgsm" in done.stderr
    assert "tshirt" not in done.stderr
    done = physadv("generate", "experiment=lecture_fgsm", cwd=tmp_path)
    assert "lecture_pgd" not in done.stderr
    page = physadv("perturb", "--help").stdout
    assert "size=laptop | gpu | smoke" in page


def test_the_python_of_the_page_works_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "perturb.md").read_text()
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": __name__}
    for source in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(source, "perturb.md", "exec"), names)
    assert names["run"].arms[0]["rows"]
