"""``physadv calibrate eot``: what it refuses, and what it judges; whole films are in ``test_virtual_walk``."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from physadv.core.types import PatchImage
from physadv.engines.judging.printed_board import printed_board
from physadv.library.files.boards import Board, Tag
from tests.app.assembly.watched import LINE, POSE, SEEN, watched
from tests.running import physadv

BOARD = Board("patch", (200.0, 100.0), tuple(Tag(i + 4, x, y, 40.0) for i, (x, y) in enumerate(
    [(-80, -80), (80, -80), (80, 80), (-80, 80)])))  # fmt: skip


def test_the_print_that_is_judged_can_be_read_like_the_one_that_was_filmed() -> None:
    patch = PatchImage(torch.full((3, 10, 20), 0.25), torch.ones(1, 10, 20), 200.0)
    made = printed_board(patch, BOARD)
    picture = (made.srgb[0] * 255).round().to(torch.uint8).numpy()
    scale = picture.shape[1] / made.width_mm
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    corners, ids, _ = cv2.aruco.ArucoDetector(dictionary).detectMarkers(picture)
    assert ids is not None
    found = {int(i): c.reshape(4, 2).mean(0) for i, c in zip(ids.ravel(), corners, strict=True)}
    middle = (np.array(picture.shape[::-1]) - 1) / 2
    for tag in BOARD.tags:
        assert (found[tag.id] - middle) / scale == pytest.approx((tag.x_mm, tag.y_mm), abs=1)
    assert made.srgb[:, picture.shape[0] // 2, picture.shape[1] // 2].tolist() == pytest.approx([0.25] * 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["out=here.yaml"], "which recordings?"),
        (["runs=[nowhere]", "out=here.yaml"], "no run folder of watch"),
        (["runs=[nowhere]"], "where to?"),
        (["runs=[nowhere]", "out=here.txt"], "must be a .yaml file"),
        (["runs=[nowhere]", "out=here.yaml", "films=[a.avi,b.avi]"], "one video or folder a run"),
        (["runs=[nowhere]", "out=here.yaml", "role=chart"], "role"),
        (["runs=[nowhere]", "out=here.yaml", "most_frames=0"], "most_frames"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_leaves_nothing(args: list[str], said: str, tmp_path: Path) -> None:
    done = physadv("calibrate", "eot", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def film(place: Path, frames: int) -> None:
    """The run of a film that comes nearer, with the goal reached in the last two thirds."""
    lines = []
    for number in range(frames):
        pose = {**POSE, "distance_m": 8.0 - number / 4, "yaw_deg": 10.0 + number}
        seen = {"boards": [{**SEEN, "pose": pose}], "views": {"filmed": {"success": 3 * number >= frames}}}
        lines.append({**LINE, "index": number, "time_s": number / 2, **seen})
    watched(place, sealed=True, lines=lines)


SMALL = ["scenes.images=4", "scenes.width_px=320", "scenes.height_px=224", "judge.images=2", "judge.quality=fast"]


@pytest.mark.slow
def test_success_is_predicted_by_judgements_that_can_be_read_again(tmp_path: Path) -> None:
    film(tmp_path / "run", 12)
    cv2.imwrite(str(tmp_path / "blob.png"), np.full((10, 20, 3), 90, np.uint8))
    typed = ["calibrate", "eot", "runs=[run]", "patch=blob.png", "width_mm=200", "out=here.yaml", *SMALL]
    tried = physadv(*typed, "dry_run=true", "progress=false", cwd=tmp_path)
    assert tried.returncode == 0, tried.stderr
    assert "dry run: all parts fit" in tried.stderr
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"config"}
    (tmp_path / "here" / "printed-patch").mkdir()  # as of a calibration that was stopped
    done = physadv(*typed, "resume=true", "progress=false", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "here" / "calibration.json").read_text())
    assert told["measured"]["patch"]["value"] == pytest.approx(8 / 12)
    assert told["overrides"][:2] == ["scenes.distance_m=[5.3,7.95]", "scenes.yaw_deg=[10.2,20.8]"]
    for case in ("before", "places", "after"):
        scores = json.loads((tmp_path / "here" / case / "scores.json").read_text())
        (patched,) = (row for row in scores["victims"][0]["conditions"] if row["condition"] == "patch")
        assert told["predicted"][case]["patch"] in patched["scores"]
        run = json.loads((tmp_path / "here" / case / "run.json").read_text())
        assert run["config"]["patch"] == "here/printed-patch"
        assert run["config"]["scenes"]["distance_m"] == ([4.0, 40.0] if case == "before" else [5.3, 7.95])
        assert run["config"]["eot"]["jitter"]["roll_deg"] == ([0.0, 0.0] if case == "after" else [-5.0, 5.0])
        assert (tmp_path / "here" / case / "report.html").is_file()
