"""The presets, through the commands a user types."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("_dlib_pybind11", reason="needs dlib-bin")
PLUGIN = Path(__file__).resolve().parents[1]
PHOTOS = PLUGIN.parents[2] / "shared" / "data" / "photos"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason="needs photos of people in ../shared/data/photos"),
]


def physadv(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command with the plugin, installed or not."""
    paths = os.pathsep.join([str(PLUGIN), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "physadv.cli", *words]
    env = {**os.environ, "PYTHONPATH": paths, "PHYSADV_PLUGINS": "physadv_dlib", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``people`` and ``gallery``."""
    folder = tmp_path_factory.mktemp("faces")
    for name, photo in (("ann", "astronaut.jpg"), ("bob", "inria_crop001024.jpg")):
        for place in ("people", "gallery"):
            (folder / place).mkdir(exist_ok=True)
            shutil.copy(PHOTOS / photo, folder / place / f"{name}.jpg")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["dlib_dodge_glasses"],
        pytest.param(["dlib_dodge_shirt"], marks=pytest.mark.exhaustive),
        pytest.param(["dlib_impersonate_glasses", "scenes.label=ann", "goal.to=bob"], marks=pytest.mark.exhaustive),
    ],
    ids=lambda words: words[0],
)
def test_a_preset_runs_at_once(words: list[str], people: Path) -> None:
    ran = physadv(
        "generate", f"experiment={words[0]}", *words[1:], "scenes.root=people", "victim.gallery=gallery", "size=smoke",
        "progress=false", f"out=runs/{words[0]}", folder=people,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert (people / "runs" / words[0] / "report.html").is_file()


def test_somebody_who_is_not_enrolled_cannot_be_impersonated(people: Path) -> None:
    ran = physadv(
        "generate", "experiment=dlib_impersonate_glasses", "scenes.root=people", "victim.gallery=gallery",
        "goal.to=eve", "size=smoke", "progress=false", "dry_run=true", folder=people,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "eve" in ran.stderr
    assert "Traceback" not in ran.stderr
