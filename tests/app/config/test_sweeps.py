"""Sweeps work as they are typed: without ``out=``, with it, on several processes, with presets of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.running import ROOT, physadv

pytestmark = pytest.mark.slow

PATCH = [f"patch={ROOT / 'docs' / 'images' / 'demo.jpg'}", "width_mm=300", "dry_run=true", "judge.images=1"]


def seeds(place: Path) -> dict[str, int]:
    files = sorted(place.rglob("config.yaml"))
    return {file.parents[1].name: yaml.safe_load(file.read_text())["seed"] for file in files}


def test_a_sweep_without_out_makes_a_folder_for_each_job(tmp_path: Path) -> None:
    done = physadv("evaluate", "-m", *PATCH, "seed=3,5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert seeds(tmp_path / "runs" / "sweeps") == {"0": 3, "1": 5}
    assert not list(tmp_path.rglob("multirun.yaml"))


def test_a_sweep_with_out_makes_nothing_else(tmp_path: Path) -> None:
    done = physadv("evaluate", "-m", *PATCH, "seed=3,5", "out=a=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert seeds(tmp_path / "a=1") == {"0": 3, "1": 5}
    assert {path.name for path in tmp_path.iterdir()} == {"a=1"}


def test_a_sweep_that_fails_leaves_nothing(tmp_path: Path) -> None:
    done = physadv("evaluate", "-m", "patch=nowhere", "seed=3,5", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_jobs_on_several_processes_find_the_same_presets(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs the extra sweep")
    (tmp_path / "presets" / "protocol").mkdir(parents=True)
    (tmp_path / "presets" / "protocol" / "mine.yaml").write_text("defaults: [physadv]\nmin_height_px: 7\n")
    options = ["protocol=mine", "seed=3,5", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "out=made"]
    command = [sys.executable, "-m", "physadv.cli", "evaluate", "-m", "--config-dir", "presets", *PATCH, *options]
    # a process of its own: idle workers keep a forked one waiting for minutes
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert seeds(tmp_path / "made") == {"0": 3, "1": 5}
    for file in (tmp_path / "made").rglob("config.yaml"):
        assert yaml.safe_load(file.read_text())["protocol"]["min_height_px"] == 7
