"""A grid judges one condition at a time, keeps every cell, and is shared among jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, physadv

SMALL = [
    "judge.images=2",
    "judge.batch=2",
    "judge.quality=fast",
    "scenes.width_px=320",
    "scenes.height_px=224",
    "progress=false",
]
AXES_OF_TWO = "axes={distance_m:[8,5],yaw_deg:[0,30],pitch_deg:[],scale:[],defocus_px:[],exposure_ev:[],temperature_k:[],jpeg_quality:[],occlusion:[]}"  # noqa: E501
PATCH = [f"patch={ROOT / 'docs' / 'images' / 'demo.jpg'}", "width_mm=300"]


@pytest.mark.slow
def test_a_grid_that_is_given_more_values_judges_only_the_new_cells(tmp_path: Path) -> None:
    out = tmp_path / "grid"
    done = physadv("grid", *PATCH, AXES_OF_TWO, *SMALL, f"out={out}")
    assert done.returncode == 0, done.stderr[-2000:]
    grid = json.loads((out / "grid.json").read_text())
    assert [axis["values"] for axis in grid["axes"]] == [[5, 8], [0, 30]]
    curve = next(
        c for c in grid["curves"] if (c["axis"], c["condition"], c["score"]) == ("distance_m", "clean", "recall")
    )
    assert [score["n"] for score in curve["scores"]] == [2, 2]
    assert len(grid["maps"][0]["cells"]) == 2
    assert grid["usable"][0]["words"]
    before = {file.name: file.stat().st_mtime_ns for file in (out / "cells").iterdir()}
    assert len(before) == 8
    more = AXES_OF_TWO.replace("yaw_deg:[0,30]", "yaw_deg:[0,30,60]")
    done = physadv("grid", *PATCH, more, *SMALL, f"out={out}", "resume=true")
    assert done.returncode == 0, done.stderr[-2000:]
    after = {file.name: file.stat().st_mtime_ns for file in (out / "cells").iterdir()}
    assert len(after) == 11
    assert before.items() <= after.items()
    assert (out / "report.html").is_file()
    pairs = json.loads((out / "pairs" / "pairs.json").read_text())["pairs"]
    assert [pair["title"] for pair in pairs] == ["distance 5 m", "distance 8 m"]
    assert all((out / "pairs" / shot["file"]).is_file() for pair in pairs for shot in pair["pictures"])


@pytest.mark.slow
def test_jobs_of_a_launcher_share_one_grid(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="pip install 'physadv[sweep]'")
    out = tmp_path / "grid"
    # a process of its own: one forked from another would wait minutes for joblib's idle workers when it ends
    done = subprocess.run(
        [sys.executable, "-m", "physadv.cli", "grid", *PATCH, AXES_OF_TWO, *SMALL, f"out={out}", "-m", "part=0,1",
         "parts=2", "hydra/launcher=joblib"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list((out / "cells").iterdir())) == 8
    assert (out / "grid.json").is_file()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["part=2", "parts=2", "out=x"], "part must be from 0"),
        (["parts=2"], "name it with out=FOLDER"),
        (["map=[distance_m]"], "two different axes"),
        (["axes.occlusion=[0.9]"], "axes.occlusion must be from 0 to 0.6"),
        (["usable_from=0"], "usable_from"),
        (["axes.colour=[1]"], "axes.colour"),
    ],
)
@pytest.mark.slow
def test_a_grid_that_cannot_be_explains_itself(options: list[str], named: str, tmp_path: Path) -> None:
    done = physadv("grid", *PATCH, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
