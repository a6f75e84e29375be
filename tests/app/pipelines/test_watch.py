"""``physadv watch`` as a user types it: films, folders, feeds that die, mistakes; and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from benchmarks.walk_by import SIZE_PX, board, boards, face, film, image_from_sign, seen, way
from physadv.core.types import PatchImage
from physadv.engines.watch.expected_object import wearer
from physadv.engines.watch.frame_log import read_log
from physadv.library.files.boards import save_boards
from physadv.library.files.patches import SHORT_DIGEST, patch_digest, save_patch
from physadv.library.tracking.iou import overlap
from physadv.parts.frames.serve import Server
from tests.running import physadv

ROOT = Path(__file__).resolve().parents[3]
FRAMES = 12  # of the film of the print
QUICK = ["window=false", "match_camera=false", "progress=false"]


def texels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (12, 12, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A patch with its board.json, and films of a sign with and without the print."""
    place = tmp_path_factory.mktemp("desk")
    rgb = texels()
    patch = PatchImage(torch.from_numpy(rgb).permute(2, 0, 1).float() / 255, torch.ones(1, 12, 12), 120.0)
    (place / "patch").mkdir()
    save_patch(patch, place / "patch")
    save_boards(place / "patch" / "board.json", boards(patch_digest(patch)[:SHORT_DIGEST]))
    film(place / "print.avi", face(rgb, board()), count=FRAMES)
    film(place / "bare.avi", face(None, None), count=8)
    (place / "pictures").mkdir()
    for number, spot in enumerate(way(4)):
        cv2.imwrite(str(place / "pictures" / f"{number}.png"), seen(face(rgb, board("grey", 8)), *spot)[0])
    return place


@pytest.fixture(scope="module")
def watched(desk: Path) -> Path:
    """A whole run on the film of the print, recorded."""
    done = physadv("watch", "source=print.avi", "patch=patch", "out=run", "controls=[grey,random]", "record=shown.avi",
                   "window=false", "progress=false", cwd=desk)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"Success (hide) against sign-nano in {FRAMES} frames: print" in done.stderr
    return desk / "run"


def lines(run: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head, rest = read_log(run / "frames.jsonl")
    return head, list(rest)


def test_every_frame_is_a_line_of_the_log_in_the_agreed_form(watched: Path) -> None:
    head, frames = lines(watched)
    assert {"source", "victim", "digest", "goal", "object", "camera", "boards", "seed", "started"} <= set(head)
    assert [frame["index"] for frame in frames] == list(range(FRAMES))
    assert all(set(f) == {"index", "time_s", "inferred_s", "dropped", "size_px", "boards", "views"} for f in frames)
    for frame in frames:
        assert frame["size_px"] == [640, 480]
        assert list(frame["views"]) == ["filmed", "patch", "grey", "random"]
        found = frame["boards"][0]
        assert (found["role"], len(found["corners_px"])) == ("patch", 4)
        assert set(found["pose"]) == {
            "distance_m", "yaw_deg", "pitch_deg", "roll_deg", "reprojection_px", "ambiguity"
        }  # fmt: skip
        assert set(frame["views"]["filmed"]["detections"][0]) == {"box", "label", "score", "track"}


def test_distance_and_expected_box_are_those_of_the_scene(watched: Path) -> None:
    _, frames = lines(watched)
    for frame, spot in zip(frames, way(FRAMES), strict=True):
        found = frame["boards"][0]["pose"]
        assert found["distance_m"] == pytest.approx(np.hypot(spot[0], spot[2]), rel=0.02)
        view = frame["views"]["filmed"]
        true = wearer("stop sign", [], None).box(image_from_sign(*spot), SIZE_PX)
        assert view["expected"] == pytest.approx(true, abs=3)
        best = max(view["detections"], key=lambda d: d["score"])
        assert best["label"] == "stop sign"
        assert overlap(np.array([best["box"]]), np.array([view["expected"]]))[0, 0] > 0.8
        assert view["success"] is False


def test_a_sign_that_is_seen_all_the_time_keeps_its_track(watched: Path) -> None:
    content = json.loads((watched / "summary.json").read_text())
    steady = content["victims"][0]["steadiness"][0]
    assert (steady["view"], steady["frames"], steady["longest_detected"]) == ("as filmed", FRAMES, FRAMES)
    assert (steady["identity_switches"], steady["fragmentations"], steady["first_detection_s"]) == (0, 0, 0.0)


def test_summary_record_report_and_recording_are_written(watched: Path) -> None:
    content = json.loads((watched / "summary.json").read_text())
    assert [c["condition"] for c in content["victims"][0]["conditions"]] == [
        "print", "patch", "grey", "random"
    ]  # fmt: skip
    assert content["victims"][0]["gap"]["all"]["n"] == FRAMES
    run = json.loads((watched / "run.json").read_text())
    assert (run["command"], run["data"]["source"]) == ("watch", "print.avi")
    page = (watched / "report.html").read_text()
    assert "From simulation to reality" in page
    assert "The camera is a guess of 60°" in page
    assert content["ended"] == "complete"
    assert content["headline"].endswith("Assumed: a stop sign of 750 × 750 mm, with the print in its middle.")
    assert content["in_doubt"] == []
    assert [shot["pick"] for shot in content["shots"]] == ["best", "typical", "worst"]
    assert page.count('src="data:image/jpeg') == 3 * 4
    film = cv2.VideoCapture(str(watched.parent / "shown.avi"))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    film.release()


def test_the_page_is_made_again_by_the_report_command(watched: Path) -> None:
    (watched / "report.html").unlink()
    assert physadv("report", str(watched)).returncode == 0
    assert "physadv report · watch" in (watched / "report.html").read_text()


@pytest.mark.slow
def test_the_overlay_lies_on_the_print_and_nowhere_else(desk: Path) -> None:
    from physadv.engines.watch.overlay import Overlay, on_board
    from physadv.library.colour.conversion import srgb_from_bgr_u8
    from physadv.library.fiducials.find import Finder
    from physadv.library.files.boards import load_boards
    from physadv.library.files.patches import load_patch

    frame, _ = seen(face(texels(), board()), 1.6, 20, 0.1)
    sighting = Finder([load_boards(desk / "patch").boards[0]]).find(frame)[0]
    srgb = srgb_from_bgr_u8(frame).contiguous()
    patch = load_patch(desk / "patch")
    overlay = Overlay({"patch": patch}, None, 0, match_camera=False, label="stop")
    shown = overlay.shown(srgb, [on_board(sighting, (0, 0, 10, 10), srgb)], 0)[0]
    changed = (shown - srgb).abs().amax(0).numpy() > 0.01
    corners = sighting.image_from_board @ np.array([[-60, 60, 60, -60], [-60, -60, 60, 60], [1, 1, 1, 1.0]])
    inside = cv2.fillConvexPoly(
        np.zeros(frame.shape[:2], np.uint8), np.rint((corners[:2] / corners[2]).T).astype(np.int32), 1
    ).astype(bool)
    assert not (changed & ~cv2.dilate(inside.astype(np.uint8), np.ones((5, 5))).astype(bool)).any()
    core = cv2.erode(inside.astype(np.uint8), np.ones((7, 7))).astype(bool)
    assert float((shown - srgb).abs().mean(0).numpy()[core].mean()) < 0.08  # the same colours as printed


@pytest.mark.slow
def test_a_grey_print_is_a_control_of_its_own(desk: Path) -> None:
    done = physadv("watch", "source=pictures", "patch=patch", "out=grey", "overlay=false", *QUICK, cwd=desk)
    assert done.returncode == 0, done.stderr
    content = json.loads((desk / "grey" / "summary.json").read_text())
    assert [c["condition"] for c in content["victims"][0]["conditions"]] == ["printed grey"]


@pytest.mark.slow
def test_without_tags_the_patch_is_worn_by_what_is_tracked(desk: Path) -> None:
    done = physadv("watch", "source=bare.avi", "patch=patch", "board=none", "out=bare", "max_frames=5", *QUICK,
                   cwd=desk)  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads((desk / "bare" / "summary.json").read_text())
    assert content["ended"] == "cut off after max_frames=5"
    assert [c["condition"] for c in content["victims"][0]["conditions"]] == ["patch", "grey"]
    _, frames = lines(desk / "bare")
    assert list(frames[3]["views"]) == ["filmed", "patch", "grey"]
    assert frames[3]["boards"] == []
    assert frames[3]["views"]["filmed"]["success"] is None  # the clean picture: there is nothing to succeed
    assert frames[3]["views"]["grey"]["success"] is False
    assert "No tags were found" in (desk / "bare" / "report.html").read_text()


@pytest.mark.slow
def test_several_victims_look_at_the_same_frames(desk: Path) -> None:
    listed = "victims=[sign-nano,{part: sign-nano, confidence: 0.9}]"
    done = physadv("watch", "source=bare.avi", listed, "out=two", "max_frames=2", *QUICK, cwd=desk)
    assert done.returncode == 2
    assert "two victims are called" in done.stderr


@pytest.mark.slow
def test_defences_watch_a_film_too(desk: Path) -> None:
    listed = "defenses=[vote,resize-pad,{part: alarm, threshold: 0.15}]"
    done = physadv("watch", "source=bare.avi", "patch=patch", "board=none", listed, "out=kinds", "max_frames=3", *QUICK,
                   cwd=desk)  # fmt: skip
    assert done.returncode == 0, done.stderr
    _, (first, second, _) = lines(desk / "kinds")
    assert first["views"]["filmed"]["detections"] == []  # of vote: one report is no majority
    assert all(views["filmed"]["detections"] for views in [second["views"], *first["others"].values()])
    watched = json.loads((desk / "kinds" / "summary.json").read_text())["victims"]
    assert [len(victim["alarms"]) for victim in watched] == [0, 0, 3]
    assert "frames with an alarm" in (desk / "kinds" / "report.html").read_text()


MISTAKES = {
    "no source": ([], "source=0"),
    "no such file": (["source=nothing.avi"], "no file or folder"),
    "overlay without a patch": (["source=bare.avi", "overlay=true"], "patch=RUN_FOLDER"),
    "board of another patch": (["source=bare.avi", "patch=other.png", "width_mm=100", "board=patch/board.json"],
                               "belongs to another patch"),
    "label": (["source=bare.avi", "object=unicorn", "object_mm=[9,9]"], "does not know the label 'unicorn'"),
    "size": (["source=bare.avi", "board=patch/board.json", "object=warning"], "how large is a 'warning'"),
    "window": (["source=bare.avi", "window=true"], "serve=true"),
    "window word": (["source=bare.avi", "window=perhaps"], "true, false or auto"),
    "control": (["source=bare.avi", "patch=patch", "controls=[blue]"], "grey and random"),
    "edges": (["source=bare.avi", "distance_edges_m=[0,3,2]"], "growing"),
    "recording": (["source=bare.avi", "record=film.xyz"], "codec"),
    "camera file": (["source=bare.avi", "camera=none.yaml"], "no camera file"),
    "camera": (["source=7"], "camera"),
    "stream": (["source=http://127.0.0.1:9/x", "frames.open_timeout_s=1"], "127.0.0.1:9"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", list(MISTAKES))
def test_a_mistake_is_answered_in_one_line_and_leaves_nothing(case: str, desk: Path) -> None:
    args, hint = MISTAKES[case]
    cv2.imwrite(str(desk / "other.png"), np.full((8, 8, 3), 90, np.uint8))
    out = [] if any(a.startswith("out=") for a in args) else ["out=wrong"]
    wanted = [] if any(a.startswith("window=") for a in args) else ["window=false"]
    done = physadv("watch", *args, *out, *wanted, cwd=desk, env={"DISPLAY": ""})
    assert done.returncode == 2
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("physadv: error:")
    assert hint in said
    assert "Traceback" not in done.stderr
    assert not (desk / "wrong").exists()


@contextmanager
def started(*args: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which does not outlive the test."""
    with subprocess.Popen(
        [sys.executable, "-m", "physadv.cli", "watch", *args], cwd=cwd, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_for(file: Path, count: int, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if file.is_file() and len(file.read_text().splitlines()) > count:
            return
        time.sleep(0.1)
    raise AssertionError(f"{file} does not grow")


@pytest.mark.slow
def test_ctrl_c_ends_the_run_with_a_summary(desk: Path) -> None:
    with started("source=print.avi", "frames.loop=true", "out=stopped", *QUICK, cwd=desk) as process:
        wait_for(desk / "stopped" / "frames.jsonl", 3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    content = json.loads((desk / "stopped" / "summary.json").read_text())
    assert content["ended"] == "stopped"
    assert content["frames"] == len(lines(desk / "stopped")[1])


@pytest.mark.slow
def test_what_was_seen_before_a_kill_can_be_read(desk: Path) -> None:
    with started("source=print.avi", "frames.loop=true", "out=killed", *QUICK, cwd=desk) as process:
        wait_for(desk / "killed" / "frames.jsonl", 3)
        process.kill()
        process.communicate()
    _, frames = lines(desk / "killed")
    assert [frame["index"] for frame in frames] == list(range(len(frames)))
    assert len(frames) >= 3


@pytest.mark.slow
def test_a_stream_that_dies_ends_with_code_3_and_a_summary(desk: Path) -> None:
    frame, _ = seen(face(texels(), board()), 2.0, 10)
    server = Server()
    channel = server.stream("x.mjpg")
    args = (f"source={server.url('x.mjpg')}", "board=patch/board.json", "frames.reconnect_s=0.5",
            "frames.read_timeout_s=2", "out=died", *QUICK)  # fmt: skip
    log = desk / "died" / "frames.jsonl"
    with started(*args, cwd=desk) as process:
        until = time.monotonic() + 120
        while time.monotonic() < until and not (log.is_file() and len(log.read_text().splitlines()) > 4):
            channel.publish(frame)
            time.sleep(0.05)
        server.close()
        _, said = process.communicate(timeout=120)
    assert process.returncode == 3, said
    assert "Traceback" not in said
    content = json.loads((desk / "died" / "summary.json").read_text())
    assert content["ended"] == "the source died"
    assert content["posed"] >= 3
    assert "The source died before its end" in (desk / "died" / "report.html").read_text()


@pytest.mark.shared
@pytest.mark.slow
def test_people_of_a_real_film_are_followed_and_dressed(desk: Path, shared: Path) -> None:
    weights = shared / "weights" / "yolox_nano_coco_416.onnx"
    clip = shared / "data" / "video" / "vtest_480x360.avi"
    if not weights.is_file() or not clip.is_file():
        pytest.skip("needs the film and the detector in ../shared")
    done = physadv("watch", f"source={clip}", "victim=onnx", f"victim.path={weights}", "patch=patch", "board=none",
                   "width_mm=400", "object=person", "max_frames=12", "out=people", *QUICK, cwd=desk)  # fmt: skip
    assert done.returncode == 0, done.stderr
    _, frames = lines(desk / "people")
    dressed = [frame for frame in frames if "patch" in frame["views"]]
    assert len(dressed) >= 6
    people = {d["track"] for f in frames for d in f["views"]["filmed"]["detections"] if d["label"] == "person"}
    assert len(people) >= 2
