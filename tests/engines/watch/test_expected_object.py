"""Where the object is expected, from the print or from what is usual for its label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.walk_by import SIZE_PX, face, seen
from physadv.core.errors import BadOption
from physadv.engines.watch.expected_object import wearer

SCALE = np.array([[0.5, 0, 100], [0, 0.5, 120], [0, 0, 1.0]])


def test_a_sign_is_expected_round_the_print_in_its_middle() -> None:
    box = wearer("stop", [], None).box(SCALE, (640, 480))
    assert box == pytest.approx((0, 0, 288, 308))  # 750 mm, half a pixel a millimetre, cut off by the picture


def test_a_person_reaches_far_below_the_print_on_the_chest() -> None:
    image_from_board = np.array([[0.2, 0, 300], [0, 0.2, 150], [0, 0, 1.0]])
    left, top, right, bottom = wearer("person", [], None).box(image_from_board, (640, 480)) or (0, 0, 0, 0)
    assert (right - left, bottom - top) == pytest.approx((120, 340))
    assert 150.5 - top == pytest.approx(0.34 * 340)


def test_a_person_seen_from_the_side_is_not_as_thin_as_a_board() -> None:
    turned = np.array([[0.02, 0, 300], [0, 0.2, 150], [0, 0, 1.0]])
    left, _, right, _ = wearer("person", [], None).box(turned, (640, 480)) or (0, 0, 0, 0)
    assert right - left == pytest.approx(70)


def test_the_projection_agrees_with_a_ray_drawn_picture() -> None:
    picture, image_from_sign = seen(face(None, None), 2.5, 25, 0.1)
    box = wearer("stop", [], None).box(image_from_sign, SIZE_PX) or (0, 0, 0, 0)
    red = (picture[..., 2].astype(int) - picture[..., 0]) > 60
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    drawn = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert box == pytest.approx(drawn, abs=5.5)  # the sign's rim is white


def test_an_object_of_which_little_is_in_the_picture_is_not_expected() -> None:
    away = np.array([[0.5, 0, -80], [0, 0.5, 240], [0, 0, 1.0]])
    assert wearer("stop", [], None).box(away, (640, 480)) is None
    behind = np.array([[0.5, 0, 300], [0, 0.5, 240], [0.004, 0, 1.0]])
    assert wearer("stop", [], None).box(behind, (640, 480)) is None


@pytest.mark.parametrize(
    ("label", "size", "at", "said"),
    [
        ("kite", [], None, "how large is a 'kite'"),
        ("stop", [1.0], None, "object_mm"),
        ("stop", [1.0, -2.0], None, "object_mm"),
        ("stop", [], [1.0], "board_at_mm"),
    ],
)
def test_sizes_that_are_not_known_are_asked_for(label: str, size: list[float], at: Any, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        wearer(label, size, at)
