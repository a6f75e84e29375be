"""Policies are driven through the command: table, films and page, and a line for what cannot be."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from physadv.app.python.loading import load
from tests.running import ROOT, physadv

pytestmark = pytest.mark.slow

SMALL_WORLD = ["world.height_px=24", "world.width_px=32", "policy.strides=[4]", "policy.size_px=[24,32]",
               "world.distance_m=[12,14]", "world.speed_m_s=[8,9]", "size=smoke", "progress=false"]  # fmt: skip

KEYS = {
    "noise": ["fgsm-linf-0.0313725-white", "random-linf-0.0313725", "ddn_steps=3-l2-smallest-white",
              "random-l2-smallest-ddn_steps=3"],
    "universal": ["0.0313725-white", "random-0.0313725"],
    "overlay": ["8px-white", "8px-grey", "8px-random"],
    "print": ["sign-white", "sign-grey", "sign-random"],
}  # fmt: skip


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One that nobody trained; it drives all the same."""
    random = torch.Generator().manual_seed(3)
    shapes = {"0.weight": (8, 3, 8, 8), "0.bias": (8,), "2.weight": (3, 8 * 5 * 7), "2.bias": (3,)}
    file = tmp_path_factory.mktemp("policy") / "random.safetensors"
    state = {name: torch.randn(shape, generator=random) * 0.05 for name, shape in shapes.items()}
    save_file(state | {"2.bias": torch.tensor([-0.3, 0.0, 0.3])}, file)  # it likes to go, so that episodes are short
    return f"policy.path={file}"


@pytest.fixture(scope="module")
def run(policy: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All means, on four episodes."""
    out = tmp_path_factory.mktemp("drive") / "run"
    done = physadv("drive", "policy=torch", policy, *SMALL_WORLD, "means=[noise,universal,overlay,print]",
                   "attacks=[fgsm,{part: ddn, steps: 3}]", "aim=coast", f"out={out}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "drive.json").read_text())
    return found


def test_every_attack_stands_beside_its_controls(run: Path) -> None:
    rows = {row["key"]: row for row in content(run)["rows"]}
    assert list(rows) == ["clean", *(f"{means}-{key}" for means, keys in KEYS.items() for key in keys)]
    assert {len(row["episodes"]) for row in rows.values()} == {4}
    assert {score["low"] for row in rows.values() for score in row["scores"]} == {None}  # four are too few


def test_the_print_comes_with_a_sheet_and_is_in_the_printers_gamut(run: Path) -> None:
    (made,) = content(run)["prints"]
    assert (run / made["file"]).is_file()
    assert (run / "sheet.pdf").is_file()
    assert made["seconds"] > 0


def test_the_page_is_complete_in_itself(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "below 20 no interval is quoted" in page
    assert page.count("data:image/webp;base64,") == 6
    assert not re.search(r"(src|href)=.(?!data:|#)", page)
    rows = list(csv.DictReader((run / "drive.csv").read_text().splitlines()))
    assert len(rows) == 13 * 4


def test_the_report_is_made_again_and_python_opens_it(run: Path) -> None:
    before = (run / "report.html").read_text()
    (run / "report.html").unlink()
    done = physadv("report", str(run))
    assert done.returncode == 0, done.stderr
    assert (run / "report.html").read_text() == before
    opened = load(run)
    assert "no attack" in opened.headlines[0]
    assert {row.role for row in opened.scores} == {"clean", "attack", "control"}


def test_a_transfer_alone_is_incomplete(policy: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = physadv("drive", "policy=torch", policy, *SMALL_WORLD, "defense=median", "means=noise", "attack=fgsm",
                   "threat=transfer", "shown=0", f"out={out}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Incomplete" in (out / "report.html").read_text()
    assert [row["threat"] for row in content(out)["rows"]] == ["", "transfer", ""]


def test_a_dry_run_tells_the_cost(policy: str, tmp_path: Path) -> None:
    done = physadv("drive", "policy=torch", policy, *SMALL_WORLD, "dry_run=true", f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert "cost    about" in done.stderr


PRESETS = sorted(file.stem for file in (ROOT / "conf" / "experiment" / "drive").glob("*.yaml"))
SHORT = ["world.distance_m=[12,13]", "world.speed_m_s=[8,9]", "size=smoke", "shown=0", "progress=false"]
FEW = ["episodes=1", "practice=1", "moments=4", "budget.steps=1", "budget.batch=2", "budget.held_out=2", "rounds=1"]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_runs_in_its_smallest_form(preset: str, tmp_path: Path) -> None:
    smaller = ["world.height_px=96", "world.width_px=160"] if preset == "brake" else []
    done = physadv("drive", f"experiment={preset}", *SHORT, *FEW, *smaller, f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("slot=shirt policy=brake victim=sign-nano dry_run=true", "is on person, of which the policy's detector"),
    ],
)
def test_a_print_that_cannot_be_made_is_refused_before_anything_is_driven(
    typed: str, message: str, tmp_path: Path
) -> None:
    done = physadv("drive", *typed.split(), f"out={tmp_path / 'run'}")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "dry run" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("means=nois", "means=nois is none"),
        ("aim=stop", "aim=stop is no action of world 'stop-go'"),
        ("slot=roof", "has no slot 'roof'; it has sign, billboard, shirt"),
        ("threat=transfer", "name it with surrogate="),
        ("threat=grey", "threat=grey is none here"),
        ("beta=2", "beta is a difference of two probabilities"),
        ("episodes=0", "episodes must be from 1"),
        ("means=overlay overlay.side_px=40", "does not lie in pictures of 32 × 24"),
        ("world.width_px=48", "made for pictures of 3x24x32"),
        ("policies=[POLICY,POLICY]", "policies names"),
        ("search=eot-adamm", "no attacks named 'eot-adamm'|eot-adam"),
        ("means=noise worlds=[{part:stop-go,height_px:24,width_px:32}]", "nothing is printed"),
        ("policy.path=nowhere.pt", "nowhere.pt"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(typed: str, message: str, policy: str, tmp_path: Path) -> None:
    words = {a.partition("=")[0]: a for a in ["policy=torch", policy, *SMALL_WORLD]}
    words |= {a.partition("=")[0]: a for a in typed.split()}
    path = policy.partition("=")[2]
    words = {name: word.replace("POLICY", f"{{part: torch, path: {path}, strides: [4], size_px: [24,32]}}")
             for name, word in words.items()}  # fmt: skip
    done = physadv("drive", *words.values(), f"out={tmp_path / 'run'}")
    assert done.returncode != 0, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
