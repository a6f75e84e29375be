"""Pong through the whole command, to the answers that are known of one policy and of its defended sister."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ale_py", reason="ale-py is not installed: pip install ./plugins/physadv-atari")

from tests.running import forked

PLUGIN = Path(__file__).resolve().parents[1]
ATARI = {"PHYSADV_PLUGINS": "physadv_atari", "PYTHONPATH": str(PLUGIN), "PHYSADV_PLUGIN_SECONDS": "60"}

pytestmark = pytest.mark.slow


def driven(out: Path, *words: str) -> Path:
    """The run folder of ``physadv drive``, without films."""
    done = forked("drive", *words, "shown=0", "progress=false", f"out={out}", env=ATARI)
    assert done.returncode == 0, done.stderr
    return out


def rows(out: Path) -> dict[str, Any]:
    """Kind of arm → its row, with the mean return as ``return``."""
    told = json.loads((out / "drive.json").read_text())["rows"]
    return {f"{row['name']} {row['threat']}".strip(): row | {"return": row["scores"][0]["value"]} for row in told}


def test_pong_is_lost_to_one_grey_level_and_not_to_noise_of_that_size(pong_ppo: Path, tmp_path: Path) -> None:
    out = driven(tmp_path / "run", "experiment=atari_pong", f"policy.path={pong_ppo}", "means=[noise]", "episodes=2")
    told = rows(out)
    assert told["no attack"]["return"] >= 20.5
    assert told["fgsm white"]["return"] <= -20
    assert told["random noise"]["return"] >= 20.5


@pytest.mark.exhaustive
def test_a_tenth_of_the_steps_is_enough(pong_ppo: Path, tmp_path: Path) -> None:
    out = driven(tmp_path / "run", "experiment=atari_pong_timed", f"policy.path={pong_ppo}", "episodes=5")
    told = rows(out)
    assert told["fgsm white"]["return"] <= -18
    assert told["fgsm white"]["attacked"] <= 0.15
    assert told["random noise"]["return"] >= 18


@pytest.mark.exhaustive
def test_a_square_in_the_corner_is_enough_and_a_random_one_there_is_not(pong_ppo: Path, tmp_path: Path) -> None:
    words = ["experiment=atari_pong", f"policy.path={pong_ppo}", "means=[overlay]", "episodes=5"]
    told = rows(driven(tmp_path / "run", *words))
    assert told["overlay white"]["return"] <= -18
    assert told["grey overlay"]["return"] >= 18
    assert told["random overlay"]["return"] >= 18


@pytest.mark.exhaustive
def test_in_the_middle_the_control_wins_too(pong_ppo: Path, tmp_path: Path) -> None:
    words = ["experiment=atari_pong", f"policy.path={pong_ppo}", "means=[overlay]", "episodes=5"]
    middle = ["overlay.side_px=12", "overlay.left_px=null", "overlay.top_px=null"]
    told = rows(driven(tmp_path / "run", *words, *middle))
    assert told["overlay white"]["return"] <= -18
    assert told["random overlay"]["return"] <= -18


@pytest.mark.exhaustive
def test_a_policy_that_looks_robust_is_not(pong_ppo: Path, pong_defended: Path, tmp_path: Path) -> None:
    words = ["experiment=atari_pong_defended", f"policy.path={pong_defended}", f"surrogate.path={pong_ppo}"]
    half = driven(tmp_path / "half", *words, "episodes=5", "threat=[transfer]")
    # 14.4 was measured, and 13.2 on ten other episodes: it still wins, but the bar of 15 set beforehand is missed.
    assert rows(half)["fgsm transfer"]["return"] >= 10
    assert "Incomplete" in (half / "report.html").read_text()
    whole = driven(tmp_path / "whole", *words, "episodes=2")
    assert rows(whole)["fgsm white"]["return"] <= -15
    assert "Incomplete" not in (whole / "report.html").read_text()
