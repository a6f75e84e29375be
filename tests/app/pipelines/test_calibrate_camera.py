"""``physadv calibrate camera`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest

from physadv.app.config.calibrate_options import CalibrateCameraConfig
from physadv.app.pipelines import calibrate_camera
from physadv.core.errors import BadInput
from physadv.library.fiducials.camera import load_camera
from tests.library.calibration.charuco_views import RAY_CAMERA, pictures, views
from tests.parts.frames.barcode import clip
from tests.running import physadv


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of the board and one of nothing, and a film of it."""
    place = tmp_path_factory.mktemp("charuco")
    (place / "photos").mkdir()
    taken = pictures(views(10))
    film = cv2.VideoWriter(str(place / "film.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, RAY_CAMERA.size_px)
    for number, picture in enumerate(taken):
        cv2.imwrite(str(place / "photos" / f"{number:02}.png"), picture)
        film.write(picture)
    film.release()
    _blank(place / "photos" / "blank.png")
    return place


@pytest.fixture
def rubbish(tmp_path: Path) -> Path:
    """What is no photo of a board."""
    (tmp_path / "photos").mkdir()
    _blank(tmp_path / "photos" / "blank.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.mp4").write_text("not a film")
    return tmp_path


def _blank(path: Path) -> None:
    cv2.imwrite(str(path), np.full((720, 960, 3), 120, np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("source", ["photos", "film.avi"])
def test_photos_or_a_film_become_a_camera_with_its_report(source: str, desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    done = physadv("calibrate", "camera", f"source={source}", "squares=[9,6]", f"out={out}", cwd=desk)
    assert done.returncode == 0, done.stderr
    camera = load_camera(out)
    assert camera.matrix[0, 0] == pytest.approx(RAY_CAMERA.matrix[0, 0], rel=0.01)
    assert camera.size_px == RAY_CAMERA.size_px
    assert camera.source == "ChArUco, 10 views"
    assert "doubt: only 10 views" in done.stderr
    report = json.loads(out.with_suffix(".json").read_text())
    assert report["rms_px"] < 0.5
    assert report["parameters"]["focal_x_px"]["standard_deviation"] < 0.01 * RAY_CAMERA.matrix[0, 0]
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_board_is_printed_at_true_size(tmp_path: Path) -> None:
    done = physadv("calibrate", "camera", "print=true", "squares=[9,6]", "square_mm=25", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with pikepdf.open(tmp_path / "charuco.pdf") as pdf:
        (page,) = pdf.pages
        left, bottom, right, top = (float(v) for v in page.TrimBox)
    assert (right - left) / 72 * 25.4 == pytest.approx(225, abs=0.01)
    assert (top - bottom) / 72 * 25.4 == pytest.approx(150, abs=0.01)


REFUSED = {
    "nothing": ([], "source=FOLDER"),
    "no such folder": (["source=nowhere"], "no such file or folder"),
    "empty folder": (["source=empty"], "no pictures in that folder"),
    "not a film": (["source=note.mp4"], "is not a video or image"),
    "no board": (["source=photos/blank.png"], "no ChArUco board of 10 x 7 squares"),
    "squares": (["source=photos", "squares=[9]"], "squares must be"),
    "out": (["source=photos", "out=camera.txt"], "camera.yaml"),
    "views": (["source=photos", "views=2"], "views must be"),
    "too large for the paper": (["print=true", "square_mm=60"], "does not fit on paper=a4"),
    "not a PDF": (["print=true", "out=board.png"], "board.pdf"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_used_is_said_in_one_line(case: str, rubbish: Path) -> None:
    before = sorted(rubbish.rglob("*"))
    args, hint = REFUSED[case]
    done = physadv("calibrate", "camera", *args, cwd=rubbish)
    assert done.returncode == 2, done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(rubbish.rglob("*")) == before


@pytest.mark.slow
def test_mirrored_pictures_are_named_as_the_reason(tmp_path: Path) -> None:
    for number, picture in enumerate(pictures(views(2))):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture[:, ::-1])
    with pytest.raises(BadInput, match="mirrored"):
        calibrate_camera.calibrate_camera(CalibrateCameraConfig(source=str(tmp_path), squares=[9, 6]))


def test_a_search_that_finds_nothing_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (5, 48, 64), np.uint8)
    for number, picture in enumerate(noise):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    monkeypatch.setattr(calibrate_camera, "EMPTY_PATIENCE_S", 0.0)
    with pytest.raises(BadInput, match=r"found in 1 picture"):
        calibrate_camera.calibrate_camera(CalibrateCameraConfig(source=str(tmp_path)))


def test_a_film_is_looked_at_evenly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "film.avi", 60)
    monkeypatch.setattr(calibrate_camera, "FILM_FRAMES", 10)
    assert [name for name, _ in calibrate_camera._film(path)] == [f"frame {n}" for n in range(0, 60, 6)]
