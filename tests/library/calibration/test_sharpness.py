"""Blur, noise and light, read off the tags of a board."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from physadv.library.calibration.sharpness import read_optics
from physadv.library.files.boards import Board, Tag

BOARD = Board("patch", (200.0, 100.0), (Tag(0, -70, -90, 60), Tag(1, 70, -90, 60), Tag(2, 70, 90, 60)))
PX_PER_MM = 1.1
TILTED = np.array([[PX_PER_MM, 0.06, 160], [-0.05, PX_PER_MM, 170], [1e-5, 0, 1]])


def frame(
    sigma_px: float, *, smear_px: int = 0, noise: float = 0.0, white: tuple[float, float, float] = (0.7, 0.7, 0.7)
) -> npt.NDArray[np.uint8]:
    """White paper with the tags, seen through :data:`TILTED`, drawn at eight times the size."""
    fine = 8
    edge_from_centre = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    grow = np.linalg.inv(edge_from_centre) @ np.diag([fine, fine, 1.0]) @ edge_from_centre @ TILTED
    large = np.ones((340 * fine, 320 * fine), np.float32)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for tag in BOARD.tags:
        modules = cv2.aruco.generateImageMarker(dictionary, tag.id, 6)
        for row, column in zip(*np.nonzero(modules == 0), strict=True):
            left, top = tag.x_mm - 30.0 + 10 * column, tag.y_mm - 30.0 + 10 * row
            square = np.array([[(left + dx, top + dy)] for dx, dy in ((0, 0), (10, 0), (10, 10), (0, 10))])
            seen = cv2.perspectiveTransform(square, grow)
            cv2.fillConvexPoly(large, np.round(seen * 16).astype(np.int32), 0.04, shift=4)
    large = cv2.GaussianBlur(large, (0, 0), sigma_px * fine) if sigma_px else large
    if smear_px:
        large = cv2.blur(large, (smear_px * fine, 1))
    small = large.reshape(340, fine, 320, fine).mean((1, 3))
    linear = small[..., None] * np.array(white)[::-1]
    linear = np.clip(linear + np.random.default_rng(0).normal(size=linear.shape) * noise, 0, 1)
    code = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray((code * 255).round(), np.uint8)


@pytest.mark.parametrize("sigma_px", [0.5, 0.9, 1.6])
def test_the_blur_of_a_tag_is_that_of_the_lens(sigma_px: float) -> None:
    optics = read_optics(frame(sigma_px), TILTED, BOARD)
    assert optics.across_px == pytest.approx(sigma_px, abs=0.06 * sigma_px + 0.03)
    assert optics.down_px == pytest.approx(sigma_px, abs=0.06 * sigma_px + 0.03)


def test_a_smear_shows_along_its_way_only() -> None:
    optics = read_optics(frame(0.7, smear_px=4), TILTED, BOARD)
    assert optics.across_px is not None
    assert optics.across_px**2 - 0.7**2 == pytest.approx(4**2 / 12, rel=0.15)
    assert optics.down_px == pytest.approx(0.7, abs=0.08)


def test_noise_is_measured_on_paper_and_on_ink() -> None:
    optics = read_optics(frame(0.6, noise=0.02), TILTED, BOARD)
    assert optics.white_variance == pytest.approx(0.02**2, rel=0.25)
    assert optics.black_variance is not None
    assert 0.5 * 0.02**2 < optics.black_variance < 1.25 * 0.02**2  # the darkest noise is cut off at black


def test_the_colour_of_the_light_is_that_of_the_paper() -> None:
    optics = read_optics(frame(0.6, white=(0.8, 0.6, 0.4)), TILTED, BOARD)
    assert optics.white == pytest.approx((0.8, 0.6, 0.4), abs=0.01)


def test_tags_that_are_too_small_tell_nothing() -> None:
    far = np.array([[0.2, 0, 100], [0, 0.2, 100], [0, 0, 1]])
    optics = read_optics(frame(0.6), far, BOARD)
    assert optics.across_px is None
    assert optics.white is None
