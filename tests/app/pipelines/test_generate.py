"""The main job, end to end, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from physadv.library.files.patches import load_patch, patch_digest
from tests.running import ROOT, forked, physadv
from tests.runs import QUICK
from tests.small import LITTLE_JUDGED

pytestmark = pytest.mark.slow

TINY = [*QUICK, *LITTLE_JUDGED]
WRITTEN = {
    "patch.png", "patch.safetensors", "run.json", "curves.csv", "contact.png", "scores.json", "scores.csv",
    "report.html", "sheet.pdf", "config", "proof.json", "proof.png", "asked.png", "optimised_on.json",
}  # fmt: skip


@pytest.fixture
def run(finished_run: Path) -> Path:
    return finished_run


def test_a_run_writes_everything_it_promises(run: Path) -> None:
    assert {path.name for path in run.iterdir()} >= WRITTEN


def test_the_scores_stand_beside_all_controls_with_n_and_interval(run: Path) -> None:
    victim = json.loads((run / "scores.json").read_text())["victims"][0]
    assert [c["condition"] for c in victim["conditions"]] == ["clean", "grey", "random", "patch"]
    for arm in victim["conditions"]:
        for score in arm["scores"]:
            assert score["n"] >= 0
            assert {"value", "low", "high"} <= set(score)


def test_evaluate_repeats_the_judgement_of_the_run(run: Path, tmp_path: Path) -> None:
    done = physadv("evaluate", f"patch={run}", "progress=false", "judge.batch=3", f"out={tmp_path / 'again'}")
    assert done.returncode == 0, done.stderr
    mine, again = (json.loads((folder / "scores.json").read_text()) for folder in (run, tmp_path / "again"))
    assert mine["protocol"]["split"] == again["protocol"]["split"] == "judged on scenes that were not optimised on"
    for here, there in zip(mine["victims"], again["victims"], strict=True):
        for one, other in zip(here["conditions"], there["conditions"], strict=True):
            assert one["outcomes"] == other["outcomes"]
            for score, same in zip(one["scores"], other["scores"], strict=True):
                assert score == pytest.approx(same, nan_ok=True)


def test_the_record_names_choices_seed_and_victim(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    assert record["choices"]["victim"] == "sign-nano"
    assert record["seed"] == 0
    assert record["format"] == 1
    board = json.loads((run / "board.json").read_text())["digest"] if (run / "board.json").is_file() else ""
    assert record["patch_digest"].startswith(board)
    scores = json.loads((run / "scores.json").read_text())
    assert scores["patches"][0]["digest"] == record["patch_digest"] == patch_digest(load_patch(run / "patch.png"))
    assert len(record["victims"][0]["digest"]) == 64


def test_a_folder_that_exists_is_refused_and_left_alone(run: Path) -> None:
    before = (run / "run.json").read_bytes()
    done = physadv("generate", *QUICK, f"out={run}")
    assert done.returncode == 2
    assert "resume=true" in done.stderr
    assert (run / "run.json").read_bytes() == before


def test_resuming_under_other_options_is_refused(run: Path) -> None:
    done = physadv("generate", *QUICK, f"out={run}", "resume=true", "attack.lr=0.5")
    assert done.returncode == 2
    assert "other options for attack" in done.stderr


def test_a_finished_run_can_be_given_more_steps(tmp_path: Path) -> None:
    options, out = [*TINY, "attack.check_every=1"], f"out={tmp_path / 'run'}"
    assert physadv("generate", *options, out, "budget.steps=1").returncode == 0
    done = physadv("generate", *options, out, "resume=true", "budget.steps=3")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "run" / "curves.csv").read_text().splitlines()) == 1 + 3


def test_a_run_in_screen_colours_has_no_proof(tmp_path: Path) -> None:
    done = physadv("generate", *TINY, "ink=none", "budget.steps=1", f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "run" / "proof.json").exists()
    assert "On screen and in print" not in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize("patch", ["palette", "spectrum", "fabric"])
def test_every_patch_goes_from_options_to_report_and_back_from_disk(patch: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = physadv("generate", *TINY, f"patch={patch}", "ink=fabric", "budget.steps=2", f"out={out}")
    assert done.returncode == 0, done.stderr
    loaded = load_patch(out)
    assert loaded.repeats == (patch == "fabric")
    if patch == "palette":
        assert len(loaded.srgb.flatten(1).unique(dim=1).T) <= 8


def test_a_killed_run_goes_on_and_gives_the_same_patch(tmp_path: Path) -> None:
    options = [*TINY, "budget.steps=6", "attack.check_every=2"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert physadv("generate", *options, f"out={whole}").returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "physadv.cli", "generate", *options, f"out={broken}"], cwd=ROOT,
        env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _wait_for(broken / "checkpoint.pt", process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = physadv("generate", *options, f"out={broken}", "resume=true")
    assert done.returncode == 0, done.stderr
    assert torch.equal(load_patch(whole).srgb, load_patch(broken).srgb)


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    out = tmp_path / "stopped"
    options = [*TINY, "budget.steps=500", "attack.check_every=1", f"out={out}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "physadv.cli", "generate", *options], cwd=ROOT, env=os.environ, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    _wait_for(out / "checkpoint.pt", process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "resume=true" in said
    assert "Traceback" not in said


def _hears_ctrl_c() -> None:
    """Shells let jobs in the background ignore it, and so would their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait_for(file: Path, process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, "the run ended before its first checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_dry_run_shows_a_batch_and_stops(tmp_path: Path) -> None:
    done = physadv("generate", *TINY, "dry_run=true", f"out={tmp_path / 'dry'}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dry" / "preview.png").is_file()
    assert {path.name for path in (tmp_path / "dry").iterdir()} == {"preview.png", "config"}
    assert re.search(r"cost    about .* on cpu.*: optimising .* \(4 steps of .*\), sheet .*, judging .*MB", done.stderr)


def test_a_sweep_gives_every_job_its_folder(tmp_path: Path) -> None:
    done = physadv("generate", "-m", *TINY, "dry_run=true", "seed=1,2", f"out={tmp_path / 'sweep'}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "sweep").iterdir()} == {"0", "1"}


def test_evaluating_a_run_folder_keeps_its_conditions(run: Path, tmp_path: Path) -> None:
    done = physadv("evaluate", f"patch={run}", "judge.images=2", "judge.quality=fast", "progress=false",
                   f"out={tmp_path / 'again'}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "again" / "run.json").read_text())["config"]
    assert config["scenes"]["width_px"] == 320


def test_the_sheet_of_a_run_can_be_made_again(run: Path, tmp_path: Path) -> None:
    done = physadv("sheet", f"patch={run}", "paper=letter", f"out={tmp_path / 'sheet.pdf'}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")


BAD = {
    "missing folder": (["scenes=coco", "scenes.root=nowhere"], "nowhere"),
    "no folder named": (["scenes=coco"], "scenes.root"),
    "no onnx named": (["victim=onnx"], "victim.path"),
    "missing onnx": (["victim=onnx", "victim.path=none.onnx"], "none.onnx"),
    "black box": (["victim=opencv-dnn", "victim.path=none.onnx"], "none.onnx"),
    "label unknown": (["goal=alter", "goal.to=zebra"], "zebra"),
    "negative size": (["patch.width_mm=-3"], "patch.width_mm"),
    "weights": (["victim.weights=none.safetensors"], "none.safetensors"),
    "unreadable place": (["out=/proc/nowhere/run"], "/proc/nowhere"),
    "range": (["eot.jitter.yaw_deg=[30,-30]"], "eot.jitter.yaw_deg"),
    "steps": (["budget.steps=0"], "budget.steps"),
    "no profile named": (["ink=icc"], "ink.path"),
    "missing profile": (["ink=icc", "ink.path=none.icc"], "none.icc"),
    "missing table": (["ink=table", "ink.path=none.safetensors"], "none.safetensors"),
    "unread path": (["ink.path=none.icc"], "ink.path"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_one_line_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    options, hint = BAD[case]
    place = [] if any(o.startswith("out=") for o in options) else [f"out={tmp_path / 'run'}"]
    base = QUICK[:2] if "scenes=coco" in options else QUICK
    done = physadv("generate", *base, *options, *place, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("physadv: error:")
    assert not list(tmp_path.iterdir())


def test_a_plugin_s_observer_follows_the_run(tmp_path: Path) -> None:
    (tmp_path / "listener.py").write_text(
        "from physadv.api import hookimpl\n"
        "class Listener:\n"
        "    def started(self, total, first): self.steps = 0\n"
        "    def stepped(self, step): self.steps += 1\n"
        "    def ended(self): open('heard.txt', 'w').write(str(self.steps))\n"
        "@hookimpl\n"
        "def physadv_observers(): return [Listener()]\n"
    )
    env = {"PHYSADV_PLUGINS": "listener", "PYTHONPATH": str(tmp_path)}
    done = forked("generate", *TINY, f"out={tmp_path / 'run'}", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "heard.txt").read_text() == "4"
