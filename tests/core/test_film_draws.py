"""Quantities move from one draw to another, all else is drawn anew."""

from __future__ import annotations

import pytest
import torch

from physadv.core.clip import FilmClip
from physadv.core.film_draws import between, frames_of
from physadv.core.seeding import generator
from physadv.core.types import Draws
from physadv.testing import ToyRenderer, one_scene


def drawn(yaw: float, seed: int) -> Draws:
    return Draws({"pose": {"yaw": torch.tensor([yaw])}, "sensor": {"seed": torch.tensor([seed])}})


def test_a_quantity_moves_and_a_seed_is_new() -> None:
    made = between(drawn(10.0, 1), drawn(20.0, 2), drawn(99.0, 3), 0.25)
    assert made.stages["pose"]["yaw"].item() == pytest.approx(12.5)
    assert made.stages["sensor"]["seed"].item() == 3


def test_a_stage_that_was_drawn_otherwise_is_the_new_one() -> None:
    new = Draws({"pose": {"yaw": torch.tensor([1.0, 2.0])}, "other": {"x": torch.tensor([3.0])}})
    made = between(drawn(10.0, 1), drawn(20.0, 2), new, 0.5)
    assert made.stages["pose"]["yaw"].tolist() == [1, 2]
    assert made.stages["other"]["x"].tolist() == [3]


def test_the_frames_of_a_film_lie_on_a_line_and_repeat_with_their_numbers() -> None:
    def gains(first: int, last: int) -> list[float]:
        frames = frames_of(ToyRenderer(), one_scene(), FilmClip(3, 1.0), range(first, last), lambda p: generator(5, p))
        return [frame.stages["light"]["gain"].item() for frame in frames]

    start, middle, end = gains(0, 3)
    assert start != end
    assert middle == pytest.approx((start + end) / 2)
    assert gains(2, 3) == [end]
