"""The victim is there for whoever types the command."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.running import forked
from tests.small import SMALL_ROAD, SMALLEST

pytestmark = pytest.mark.skipif(
    not entry_points(group="physadv", name="ultralytics"),
    reason="the plugin is not installed: pip install ./plugins/physadv-ultralytics",
)


def test_the_list_of_plugins_shows_the_victim(tmp_path: Path) -> None:
    done = forked("plugins", "list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "(from ultralytics)" in done.stdout


@pytest.mark.slow
def test_a_patch_is_made_and_judged_from_the_command(tmp_path: Path) -> None:
    done = forked(
        "generate", "victim=ultralytics", "victim.weights=random:yolo11n.yaml", "victim.size_px=160",
        "victim.confidence=0.05",
        *SMALLEST, *SMALL_ROAD, "scenes.images=8", "out=run", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "run" / "report.html").exists()


def test_rubbish_is_one_line_on_the_command(tmp_path: Path) -> None:
    done = forked("generate", "victim=ultralytics", "size=smoke", "progress=false", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("physadv: error: victim ultralytics needs")
    assert len(done.stderr.strip().splitlines()) == 1
