"""``physadv calibrate colour`` as it is typed: the table, its report, and what it says to rubbish."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors import safe_open

from physadv.library.fiducials.camera import CalibratedCamera, save_camera
from physadv.library.files.boards import Boards, save_boards
from tests.library.calibration.chart_photo import Photo, chart
from tests.library.fiducials.views import ring
from tests.running import physadv


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet's folder, and photos of its chart."""
    place = tmp_path_factory.mktemp("chart")
    board = chart()
    save_boards(place / "sheet" / "board.json", Boards("abcd1234", "toy", 7, (ring(), board)))
    save_boards(place / "bare" / "board.json", Boards("abcd1234", "toy", 7, (ring(),)))
    photo = Photo().taken(board)
    cv2.imwrite(str(place / "a.png"), photo)
    (place / "again").mkdir()
    cv2.imwrite(str(place / "again" / "a.png"), photo)
    cv2.imwrite(str(place / "mirrored.png"), photo[:, ::-1])
    cv2.imwrite(str(place / "dark.png"), Photo(exposure=0.05, noise=0.3).taken(board))
    cv2.imwrite(str(place / "over.png"), Photo(exposure=1.6).taken(board))
    cv2.imwrite(str(place / "blank.png"), np.full((480, 640, 3), 128, np.uint8))
    (place / "note.txt").write_text("not a picture")
    return place


@pytest.mark.slow
def test_a_photo_becomes_a_table_with_its_report(desk: Path, tmp_path: Path) -> None:
    photos = "photos=[a.png,over.png,again/a.png]"
    done = physadv("calibrate", "colour", photos, "board=sheet", f"out={tmp_path}/mine.safetensors", cwd=desk)
    assert done.returncode == 0, done.stderr
    assert "left out: over.png: the white paper is overexposed" in done.stderr
    report = json.loads((tmp_path / "mine.json").read_text())
    assert report["leave_one_out_delta_e00"]["mean"] < 1
    assert report["sheet"] == {"name": "toy", "digest": "abcd1234", "seed": 7}
    assert [row["photo"] for row in report["photos"]] == ["a.png", "a.png"]  # of two folders
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")
    with safe_open(tmp_path / "mine.safetensors", "np") as file:
        table = file.get_tensor("table")
        assert json.loads(file.metadata()["calibration"]) == report
    assert table.shape == (17, 17, 17, 3)
    assert np.allclose(table[-1, -1, -1], 1, atol=0.02)  # paper is white


@pytest.mark.slow
def test_a_wide_lens_is_taken_out_and_missed_where_it_is_not(desk: Path, tmp_path: Path) -> None:
    photo = cv2.imread(str(desk / "a.png"))
    height, width = photo.shape[:2]
    lens = CalibratedCamera(
        CalibratedCamera.guess((width, height), 73.2).matrix, np.array([-0.3, 0.1, 0, 0, 0]), (width, height), "known"
    )
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).reshape(-1, 1, 2).astype(np.float64)
    straight = cv2.undistortPoints(pixels, lens.matrix, lens.distortion, P=lens.matrix)
    bent = cv2.remap(photo, straight.reshape(height, width, 2).astype(np.float32), None, cv2.INTER_LINEAR)
    cv2.imwrite(str(tmp_path / "bent.png"), bent)
    save_camera(tmp_path / "camera.yaml", lens)
    errors = {}
    for camera in ("", "camera=camera.yaml"):
        typed = ["photos=bent.png", f"board={desk / 'sheet'}", "prior=none", *filter(None, [camera])]
        done = physadv("calibrate", "colour", *typed, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        errors[camera] = json.loads((tmp_path / "colour.json").read_text())["leave_one_out_delta_e00"]["mean"]
        assert ("copies of the same colour differ" in done.stderr) == (not camera)
    assert errors["camera=camera.yaml"] < 0.6 < 3 < errors[""]


@pytest.mark.slow
def test_generate_optimises_with_the_measured_colours(desk: Path, tmp_path: Path) -> None:
    made = physadv("calibrate", "colour", "photos=a.png", "board=sheet", f"out={tmp_path}/colour.safetensors", cwd=desk)
    assert made.returncode == 0, made.stderr
    typed = "generate ink=calibrated ink.path=colour.safetensors size=smoke progress=false out=run"
    done = physadv(*typed.split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text())["choices"]["ink"] == "calibrated"


REFUSED = {
    "no photos": (["board=sheet"], "photos="),
    "no board": (["photos=a.png"], "board=FOLDER"),
    "no such photo": (["photos=[x.png]", "board=sheet"], "'x.png': no such file"),
    "not a picture": (["photos=[note.txt]", "board=sheet"], "not an image"),
    "empty folder": (["photos=sheet", "board=sheet"], "no pictures in that folder"),
    "no such board": (["photos=a.png", "board=nowhere"], "no board file: cannot read 'nowhere'"),
    "no chart on the sheet": (["photos=a.png", "board=bare"], "has no colour chart"),
    "no chart in the photo": (["photos=blank.png", "board=sheet"], "no colour chart found in blank.png"),
    "overexposed": (["photos=over.png", "board=sheet"], "overexposed"),
    "mirrored": (["photos=mirrored.png", "board=sheet"], "mirrored"),
    "dark": (["photos=dark.png", "board=sheet"], "underexposed"),
    "bar": (["photos=a.png", "board=sheet", "measured_bar_mm=9.7"], "Give it in millimetres"),
    "prior": (["photos=a.png", "board=sheet", "prior=offset"], "prior must be one of"),
    "nodes": (["photos=a.png", "board=sheet", "nodes=2"], "nodes must be"),
    "out": (["photos=a.png", "board=sheet", "out=x.png"], "x.safetensors"),
    "another camera": (["photos=a.png", "board=sheet", "camera=wide.yaml"], "another aspect"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_used_is_said_in_one_line(case: str, desk: Path) -> None:
    save_camera(desk / "wide.yaml", CalibratedCamera.guess((1920, 800)))
    before = sorted(desk.rglob("*"))
    args, hint = REFUSED[case]
    done = physadv("calibrate", "colour", *args, cwd=desk)
    assert done.returncode == 2, done.stderr
    assert hint in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(desk.rglob("*")) == before


@pytest.mark.slow
def test_calibrated_ink_without_a_table_says_which_option_is_missing() -> None:
    done = physadv("generate", "ink=calibrated", "size=smoke", "dry_run=true")
    assert done.returncode == 2
    assert "ink.path=colour.safetensors" in done.stderr
