"""A box that jitters is held steady, one that moves is followed, one that is elsewhere begins anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from physadv.library.tracking.steady import SteadyBox

FPS = 20.0
Boxes = npt.NDArray[np.float64]


def filtered(boxes: Boxes) -> Boxes:
    steady = SteadyBox()
    rows = [steady.follow((a, b, c, d), i / FPS) for i, (a, b, c, d) in enumerate(boxes.tolist())]
    return np.array(rows)


def jumps(boxes: Boxes) -> float:
    """Median change of an edge from frame to frame, in pixels, after the first second."""
    return float(np.median(np.abs(np.diff(boxes[20:], axis=0))))


def test_the_jitter_of_a_person_who_stands_is_cut_to_a_fourth() -> None:
    noise = np.random.default_rng(0).normal(0, 4, (100, 4))  # 2 % of the height
    boxes = np.array([280.0, 100.0, 360.0, 300.0]) + noise
    assert jumps(filtered(boxes)) < jumps(boxes) / 4


def test_a_person_who_walks_by_is_followed_within_a_hand_and_the_jitter_is_less_than_half() -> None:
    way = np.arange(100)[:, None] * np.array([1.0, 0.0, 1.0, 0.0]) * (0.8 * 200 / FPS)  # 0.8 heights a second
    clean = np.array([0.0, 100.0, 80.0, 300.0]) + way
    lag_px = (clean - filtered(clean))[60:, 0].mean()
    assert 0 < lag_px < 0.05 * 200  # of 1.7 m: 85 mm
    boxes = clean + np.random.default_rng(1).normal(0, 4, (100, 4))
    assert jumps(filtered(boxes) - clean) < jumps(boxes - clean) / 2


def test_a_person_who_comes_nearer_is_followed_in_size() -> None:
    height = 100 * 1.25 ** (np.arange(60) / FPS)  # a quarter larger each second
    boxes = np.stack((320 - height / 5, 240 - height / 2, 320 + height / 5, 240 + height / 2), 1)
    followed = filtered(boxes)
    assert abs((followed[-1, 3] - followed[-1, 1]) / height[-1] - 1) < 0.05


def test_gaps_jumps_and_clocks_that_are_set_back_begin_anew() -> None:
    there, far = (0.0, 0.0, 50.0, 100.0), (300.0, 0.0, 350.0, 100.0)
    near = (10.0, 0.0, 60.0, 100.0)
    for box, time_s in ((far, 0.05), (near, 2.0), (near, -1.0)):
        steady = SteadyBox()
        assert steady.follow(there, 0.0) == there
        assert steady.follow(box, time_s) == box
    assert steady.follow(there, -0.95) != there
