"""A game is a world: seen small, grey and stacked, the same again under the same seed."""

from __future__ import annotations

from typing import Any

import pytest
import torch

pytest.importorskip("ale_py", reason="ale-py is not installed: pip install ./plugins/physadv-atari")

from physadv_atari import AtariConfig, physadv_worlds

from physadv.api import BadOption
from physadv.testing import check_world


def world(**options: Any) -> Any:
    (row,) = physadv_worlds()
    return row.build(AtariConfig(**options))


@pytest.fixture(scope="module")
def pong() -> Any:
    return world(max_steps=20)


def test_pong_is_seen_as_policies_have_been_shown_it(pong: Any) -> None:
    assert pong.actions == ("noop", "fire", "right", "left", "rightfire", "leftfire")
    assert pong.observation_shape == (4, 84, 84)
    assert pong.step_s == pytest.approx(1 / 15)
    seen = pong.observe(pong.reset(torch.tensor([1, 2])), {}).images
    assert seen.shape == (2, 4, 84, 84)
    assert 0.2 < seen.mean() < 0.6


def test_the_same_seed_is_the_same_episode_alone_and_in_a_batch(pong: Any) -> None:
    both, alone = pong.reset(torch.tensor([3, 4])), pong.reset(torch.tensor([4]))
    for action in (2, 3, 2, 0, 5):
        both = pong.step(both, torch.tensor([action, action])).state
        alone = pong.step(alone, torch.tensor([action])).state
    assert torch.equal(pong.observe(both, {}).images[1], pong.observe(alone, {}).images[0])


@pytest.mark.exhaustive
def test_the_game_passes_the_battery(pong: Any) -> None:
    assert check_world(pong)


def test_nonsense_is_refused_in_one_line() -> None:
    for options, message in (
        ({"game": "pon"}, r"ALE has no game 'pon'; it has pong"),
        ({"sticky": 1.0}, r"world\.sticky is a chance"),
        ({"noops": -1}, r"world\.noops"),
        ({"skip": 0}, r"world\.skip must be within 1 and 60"),
        ({"stack": 65}, r"world\.stack"),
        ({"size_px": 4}, r"world\.size_px"),
    ):
        with pytest.raises(BadOption, match=message):
            world(**options)
