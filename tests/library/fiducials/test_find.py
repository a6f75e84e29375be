"""Boards are found where they are, and nothing is found where none is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput
from physadv.library.fiducials.find import DetectedBoard, Finder, sighting
from physadv.library.files.boards import Board
from tests.library.fiducials.views import F64, RayCamera, View, moved, ring

NEAR = View((0.05, -0.02, 2.0), yaw_deg=20, pitch_deg=-10, roll_deg=8)


def corners_of(seen: DetectedBoard) -> F64:
    """Corners of what the board carries, as the sighting's homography has them."""
    w, h = seen.board.size_mm
    plane = np.array([[-w, -h, 2], [w, -h, 2], [w, h, 2], [-w, h, 2]]) / 2
    mapped = plane @ seen.image_from_board.T
    found: F64 = mapped[:, :2] / mapped[:, 2:]
    return found


@pytest.mark.slow
def test_the_patch_is_where_it_was_put_to_a_tenth_of_a_pixel() -> None:
    board, ray_camera = ring(), RayCamera()
    (seen,) = Finder([board]).find(ray_camera.sees((board, NEAR)))
    assert sorted(seen.ids) == list(range(8))
    assert np.abs(corners_of(seen) - ray_camera.corners_px(board, NEAR)).max() < 0.15
    assert seen.reprojection_px < 0.3


@pytest.mark.parametrize("picture", ["even", "noise", "black"])
def test_nothing_is_found_where_no_board_is(picture: str) -> None:
    shape = (480, 640, 3)
    noise = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    images = {"even": np.full(shape, 110, np.uint8), "noise": noise, "black": np.zeros(shape, np.uint8)}
    assert Finder([ring(), ring(8, role="grey")]).find(images[picture]) == ()


def test_one_tag_is_not_enough() -> None:
    board = ring()
    alone = replace(board, tags=board.tags[:1])
    assert Finder([board]).find(RayCamera().sees((alone, NEAR))) == ()


def test_a_board_behind_an_obstacle_is_found_by_the_tags_that_are_left() -> None:
    board, ray_camera = ring(), RayCamera()
    image = ray_camera.sees((board, NEAR))
    x = int(ray_camera.corners_px(board, NEAR)[:, 0].mean())
    image[:, x:] = 90
    (seen,) = Finder([board]).find(image)
    assert sorted(seen.ids) == [0, 3, 5]
    assert np.abs(corners_of(seen) - ray_camera.corners_px(board, NEAR)).max() < 2.0  # far from the tags that are left


def test_two_boards_in_view_are_told_apart() -> None:
    patch, grey, ray_camera = ring(), ring(8, role="grey"), RayCamera()
    there = moved(NEAR, -0.7)
    found = Finder([patch, grey]).find(ray_camera.sees((grey, NEAR), (patch, there)))
    assert [seen.board.role for seen in found] == ["patch", "grey"]
    for seen, view in zip(found, (there, NEAR), strict=True):
        assert np.abs(corners_of(seen) - ray_camera.corners_px(seen.board, view)).max() < 0.2


def test_a_small_board_is_found_at_double_size_only() -> None:
    board = ring()
    image = RayCamera().sees((board, View((0.1, 0.0, 8.5), yaw_deg=10)))
    assert Finder([board], upsample=False).find(image) == ()
    assert len(Finder([board]).find(image)) == 1


def tags_of(board: Board, view: View) -> list[tuple[int, F64]]:
    return [(tag.id, RayCamera().project(np.array(tag.corners_mm), view)) for tag in board.tags]


def test_a_misread_tag_is_left_out() -> None:
    board = ring()
    tags = tags_of(board, NEAR)
    tags[2] = (tags[2][0], tags[2][1] + 60)  # right id, wrong place
    tags.append((5, tags[6][1] + (200, 0)))  # an id that is there twice
    seen = sighting(board, tags)
    assert seen is not None
    assert sorted(seen.ids) == [0, 1, 3, 4, 5, 6, 7]
    assert seen.reprojection_px < 1e-3


def test_two_tags_that_disagree_are_no_board() -> None:
    board = ring()
    first, second, *_ = tags_of(board, NEAR)
    assert sighting(board, [first, (second[0], second[1] + 40)]) is None


def test_a_mirrored_board_is_no_board() -> None:
    board = ring()
    assert sighting(board, [(number, corners * (-1, 1)) for number, corners in tags_of(board, NEAR)]) is None


def test_a_film_is_followed_and_a_cut_does_not_leave_the_old_place() -> None:
    board, ray_camera, finder = ring(), RayCamera(size_px=(640, 480)), Finder([ring()])
    for step in range(4):
        view = moved(NEAR, 0.02 * step)
        (seen,) = finder.find(ray_camera.sees((board, view)))
        assert np.abs(corners_of(seen) - ray_camera.corners_px(board, view)).max() < 0.2
    jumped = moved(NEAR, -0.6)
    (seen,) = finder.find(ray_camera.sees((board, jumped)))
    assert np.abs(corners_of(seen) - ray_camera.corners_px(board, jumped)).max() < 0.2
    assert finder.find(np.full((480, 640, 3), 110, np.uint8)) == ()


@pytest.mark.slow
def test_a_second_board_that_comes_into_view_is_found_soon() -> None:
    patch, grey, ray_camera = ring(), ring(8, role="grey"), RayCamera()
    finder = Finder([patch, grey])
    alone, both = ray_camera.sees((patch, NEAR)), ray_camera.sees((patch, NEAR), (grey, moved(NEAR, -0.7)))
    assert len(finder.find(alone)) == 1
    assert any(len(finder.find(both)) == 2 for _ in range(10))


def test_grey_pictures_are_read_too() -> None:
    board = ring()
    assert len(Finder([board]).find(cv2.cvtColor(RayCamera().sees((board, NEAR)), cv2.COLOR_BGR2GRAY))) == 1


def test_boards_that_share_an_id_are_refused() -> None:
    with pytest.raises(BadInput, match="share a tag's id"):
        Finder([ring(), ring(7)])


def test_an_unknown_dictionary_is_refused() -> None:
    with pytest.raises(BadInput, match="DICT_9X9"):
        Finder([replace(ring(), dictionary="DICT_9X9")])
