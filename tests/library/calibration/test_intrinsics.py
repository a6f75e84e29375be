"""Intrinsics from synthetic views of the board, against the camera that made them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput, BadOption
from physadv.library.calibration.camera_picture import camera_picture
from physadv.library.calibration.charuco import BoardView, Charuco, Squares
from physadv.library.calibration.intrinsics import calibrate, doubts, pick_views
from tests.library.calibration.charuco_views import RAY_CAMERA, SQUARE_MM, SQUARES, pictures, views
from tests.library.fiducials.views import RayCamera, View


def seen(view: View, name: str, ray_camera: RayCamera = RAY_CAMERA, noise_px: float = 0.15) -> BoardView:
    """The corners without a picture, so that many views cost nothing."""
    rng = np.random.default_rng(abs(hash(view)) % 2**32)
    board = np.asarray(SQUARES.board().getChessboardCorners(), np.float64)
    middle = np.array([SQUARES.columns, SQUARES.rows]) / 2
    at = ray_camera.project((board[:, :2] - middle) * SQUARE_MM, view)
    at = at + rng.normal(0, noise_px, at.shape)
    inside = ((at >= 0) & (at <= np.array(ray_camera.size_px) - 1)).all(1)
    return BoardView(name, ray_camera.size_px, at[inside], board[inside])


def many(
    count: int, ray_camera: RayCamera = RAY_CAMERA, *, tilted: bool = True, noise_px: float = 0.15
) -> list[BoardView]:
    found = (seen(view, f"v{i}", ray_camera, noise_px) for i, view in enumerate(views(2 * count, tilted=tilted)))
    return [view for view in found if len(view.plane) >= 12][:count]


@pytest.mark.slow
def test_pictures_of_the_board_give_the_camera_that_took_them() -> None:
    charuco = Charuco(SQUARES)
    read = [charuco.read(picture[..., 0], f"{i}") for i, picture in enumerate(pictures(views(14)))]
    found = calibrate([view for view in read if view is not None])
    assert found.rms_px < 0.5
    assert found.matrix[0, 0] == pytest.approx(RAY_CAMERA.matrix[0, 0], rel=0.01)
    assert found.matrix[1, 1] == pytest.approx(RAY_CAMERA.matrix[1, 1], rel=0.01)
    assert found.distortion[0] == pytest.approx(RAY_CAMERA.distortion[0], abs=0.02)


@pytest.mark.slow
def test_corners_are_numbered_as_on_the_board_and_lie_to_a_fifth_of_a_pixel() -> None:
    ray_camera, view = replace(RAY_CAMERA, distortion=()), View((0.0, 0.0, 0.45), 15, -10, 5)
    read = Charuco(SQUARES).read(pictures([view], ray_camera)[0][..., 0], "x")
    assert read is not None
    assert len(read.plane) == 8 * 5
    middle = np.array([SQUARES.columns, SQUARES.rows]) / 2
    truth = ray_camera.project((read.plane[:, :2] - middle) * SQUARE_MM, view)
    assert np.linalg.norm(read.corners_px - truth, axis=1).max() < 0.2


def test_deviations_tell_how_far_off_the_focal_length_may_be() -> None:
    found = calibrate(many(20))
    off = abs(found.matrix[0, 0] - RAY_CAMERA.matrix[0, 0])
    assert off < 4 * found.deviations["focal_x_px"] < 0.01 * RAY_CAMERA.matrix[0, 0]
    assert doubts(found, many(20)) == []


def test_head_on_views_are_refused() -> None:
    with pytest.raises(BadInput, match="nearly head-on.*Tilt the board"):  # noqa: RUF043
        calibrate(many(12, tilted=False))


def test_too_few_views_are_refused() -> None:
    with pytest.raises(BadInput, match="at least 5 are needed"):
        calibrate(many(4))


def test_mixed_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match="480x360, 960x720"):
        calibrate([*many(6), *many(6, RayCamera((480, 360), 65.0))])


def test_views_of_no_one_camera_are_refused() -> None:
    zoomed = [replace(v, size_px=RAY_CAMERA.size_px) for v in many(8, replace(RAY_CAMERA, field_of_view_deg=28.0))]
    with pytest.raises(BadInput, match="do not fit one camera|absurd"):  # noqa: RUF043
        calibrate([*many(8), *zoomed])


def test_few_views_in_the_middle_are_doubted() -> None:
    middle = [
        seen(View((0, 0, 0.9), yaw, pitch), "m") for yaw, pitch in ((30, 0), (-30, 0), (0, 30), (0, -30), (20, 20))
    ]
    said = " ".join(doubts(calibrate(middle), middle))
    assert "only 5 views" in said
    assert "corners cover" in said


def test_a_stretched_picture_is_doubted() -> None:
    wide = [replace(v, corners_px=v.corners_px * (1, 0.8), size_px=(960, 576)) for v in many(14)]
    assert "times as wide as high" in " ".join(doubts(calibrate(wide), wide))


def test_the_most_different_views_are_picked() -> None:
    same = [seen(View((0, 0, 0.5), 10, 10), f"same {i}") for i in range(30)]
    others = many(6)
    assert {view.name for view in others} <= {view.name for view in pick_views([*same, *others], 8)}


@pytest.mark.slow
def test_a_picture_without_the_board_shows_nothing() -> None:
    charuco = Charuco(SQUARES)
    assert charuco.read(np.full((480, 640), 120, np.uint8), "grey") is None
    other = Squares(6, 5)
    board = cv2.resize(other.drawn(), None, fx=2, fy=2)
    assert charuco.read(np.random.default_rng(0).integers(0, 255, board.shape).astype(np.uint8), "noise") is None


@pytest.mark.parametrize("size", [(3, 6), (40, 40), (0, 0)])
def test_an_impossible_board_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(BadOption, match="squares must be"):
        Squares(*size)


@pytest.mark.slow
def test_the_picture_is_a_png() -> None:
    those = many(8)
    assert camera_picture(calibrate(those), those, "x").startswith(b"\x89PNG")
