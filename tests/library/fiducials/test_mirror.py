from __future__ import annotations

import logging

import numpy as np
import pytest

from physadv.library.fiducials.find import Finder
from physadv.library.fiducials.mirror import MirrorCheck, flipped, mirrored
from tests.library.fiducials.views import U8, RayCamera, View, ring


@pytest.fixture(scope="module")
def picture() -> U8:
    return RayCamera((640, 360)).sees((ring(), View((0.0, 0.0, 1.2), yaw_deg=20)))


def test_a_mirrored_board_is_recognised(picture: U8) -> None:
    assert not Finder([ring()]).find(flipped(picture))
    assert mirrored(flipped(picture), [ring()])


def test_a_board_as_it_is_and_a_picture_without_one_are_not_mirrored(picture: U8) -> None:
    assert not mirrored(picture, [ring()])
    noise = np.random.default_rng(0).integers(0, 255, picture.shape, np.uint8)
    assert not mirrored(noise, [ring()])


def test_a_mirrored_film_is_said_once(picture: U8, caplog: pytest.LogCaptureFixture) -> None:
    check = MirrorCheck([ring()])
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            check.look(flipped(picture), found=False)
    assert check.mirrored
    assert caplog.text.count("mirrored") == 1
    assert "hflip" in caplog.text


def test_a_film_in_which_boards_are_found_is_not_looked_into_again(picture: U8) -> None:
    check = MirrorCheck([ring()])
    check.look(picture, found=True)
    check.look(flipped(picture), found=False)  # a looking-glass in the scene
    assert not check.mirrored
