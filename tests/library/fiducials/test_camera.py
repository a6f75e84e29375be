"""The camera and its file."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput, BadOption
from physadv.library.fiducials.camera import CalibratedCamera, load_camera, save_camera

CAMERA = CalibratedCamera(
    np.array([[910.5, 0, 640.2], [0, 911.5, 355.1], [0, 0, 1]]), np.array([-0.1, 0.02, 0, 0, 0.001]), (1280, 720),
    "ChArUco, 34 views",
)  # fmt: skip


def test_a_camera_survives_its_file(tmp_path: Path) -> None:
    again = load_camera(save_camera(tmp_path / "camera.yaml", CAMERA))
    assert np.array_equal(again.matrix, CAMERA.matrix)
    assert np.array_equal(again.distortion, CAMERA.distortion)
    assert (again.size_px, again.source) == (CAMERA.size_px, CAMERA.source)


def test_a_guess_has_the_field_of_view_that_was_asked_for() -> None:
    guess = CalibratedCamera.guess((640, 480), 60)
    left_edge = (-0.5 - guess.matrix[0, 2]) / guess.matrix[0, 0]
    assert math.degrees(math.atan(-left_edge)) == pytest.approx(30)
    assert guess.source == "guess of 60°"


def test_a_resized_frame_sees_the_same_directions() -> None:
    half = CAMERA.scaled((640, 360))
    edge, half_edge = 1279.5, 639.5  # the right edge of the picture
    direction = (edge - CAMERA.matrix[0, 2]) / CAMERA.matrix[0, 0]
    assert (half_edge - half.matrix[0, 2]) / half.matrix[0, 0] == pytest.approx(direction)


def test_a_cropped_frame_is_refused() -> None:
    with pytest.raises(BadInput, match="another aspect"):
        CAMERA.scaled((640, 480))


RUBBISH = {
    "missing": None,
    "not yaml": "a: [b",
    "a list": "- 1\n- 2\n",
    "empty": "",
    "old": "format: 0\n",
    "words": "format: 1\nsource: x\nsize_px: [a, b]\nfocal_px: [1, 1]\ncentre_px: [0, 0]\ndistortion: []\n",
    "negative": "format: 1\nsource: x\nsize_px: [4, 3]\nfocal_px: [-1, 1]\ncentre_px: [0, 0]\ndistortion: []\n",
    "infinite": "format: 1\nsource: x\nsize_px: [4, 3]\nfocal_px: [.inf, 1]\ncentre_px: [0, 0]\ndistortion: []\n",
    "three": "format: 1\nsource: x\nsize_px: [4, 3]\nfocal_px: [1, 1]\ncentre_px: [0, 0]\ndistortion: [0, 0, 0]\n",
}


@pytest.mark.parametrize("case", list(RUBBISH))
def test_a_file_that_is_no_camera_is_named_in_one_line(case: str, tmp_path: Path) -> None:
    path, text = tmp_path / "camera.yaml", RUBBISH[case]
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput, match="alibrate") as caught:
        load_camera(path)
    assert "camera.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_impossible_field_of_view_is_refused() -> None:
    with pytest.raises(BadOption, match="field_of_view_deg"):
        CalibratedCamera.guess((640, 480), 180)


def quarter_turned(point: tuple[float, float], height: int) -> list[float]:
    """Of a picture that is turned clockwise."""
    return [height - 1 - point[1], point[0]]


@pytest.mark.parametrize("count", [0, 4, 5, 8, 12])
def test_a_camera_is_turned_along_with_its_frames(count: int) -> None:
    coefficients = np.array([-0.21, 0.07, 0.011, -0.006, 0.01, 0.02, -0.01, 0.005, 0.012, 0.003, -0.007, 0.004])
    own = CalibratedCamera(
        np.array([[900.0, 0, 655], [0, 880, 340], [0, 0, 1]]), coefficients[:count], (1280, 720), "known"
    )
    turned = own.scaled((720, 1280))
    assert turned.source == "known, turned"
    points = np.random.default_rng(0).uniform((-0.5, -0.3, 1), (0.5, 0.3, 2), (40, 3))
    seen, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), own.matrix, own.distortion)
    upright = np.column_stack((-points[:, 1], points[:, 0], points[:, 2]))
    found, _ = cv2.projectPoints(upright, np.zeros(3), np.zeros(3), turned.matrix, turned.distortion)
    expected = [quarter_turned(point, 720) for point in seen.reshape(-1, 2).tolist()]
    assert found.reshape(-1, 2) == pytest.approx(np.array(expected), abs=1e-6)


def test_turned_frames_may_be_of_another_size_too() -> None:
    own = CalibratedCamera.guess((1280, 720))
    assert own.scaled((360, 640)).matrix == pytest.approx(CalibratedCamera.guess((360, 640)).matrix, abs=0.6)


def test_a_tilted_sensor_is_not_turned() -> None:
    own = CalibratedCamera(
        CalibratedCamera.guess((1280, 720)).matrix, np.array([0.0] * 12 + [0.1, 0.0]), (1280, 720), "known"
    )
    with pytest.raises(BadInput, match="tilted sensor"):
        own.scaled((720, 1280))


def test_a_guess_is_the_same_lens_upright_and_lying() -> None:
    lying, upright = CalibratedCamera.guess((640, 360), 60), CalibratedCamera.guess((360, 640), 60)
    assert lying.matrix[0, 0] == upright.matrix[0, 0]
    assert lying.field_of_view_deg == pytest.approx(60)
    assert upright.field_of_view_deg < 40
