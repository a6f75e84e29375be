"""Any environment of Gymnasium with pixels is a world; what has none, or is never the same twice, says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("gymnasium", reason="Gymnasium is not installed: pip install 'physadv[gym]'")

import gymnasium
from gymnasium import spaces

from physadv.core.errors import BadInput, BadOption, IncompatibleParts, MissingExtra
from physadv.core.types import PatchImage
from physadv.parts.worlds.gymnasium import GymnasiumWorld
from physadv.parts.worlds.gymnasium_build import build
from physadv.parts.worlds.gymnasium_options import GymnasiumConfig, check_gymnasium
from physadv.testing import check_world

TWO = torch.tensor([3, 4])


class Counter(gymnasium.Env[Any, Any]):
    """A picture as bright as seed and steps say; the seed is also the step after which it is over."""

    observation_space: spaces.Space[Any] = spaces.Box(0, 255, (10, 12, 3), np.uint8)
    action_space = spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.seed, self.time, self.over = (seed or 0) % 20, 0, False
        return self.picture(), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert not self.over, "is asked after its end"
        self.time += 1
        self.over = self.time >= self.seed
        return self.picture(), float(action), self.over, False, {}

    def picture(self) -> Any:
        return np.full(self.observation_space.shape, 10 * self.seed + self.time, np.uint8)


class Forgetful(Counter):
    """Looks another way at every reset, whatever the seed."""

    resets = 0

    def picture(self) -> Any:
        Forgetful.resets += 1
        return np.full((10, 12, 3), Forgetful.resets % 250, np.uint8)


def world(make: Any = Counter, **options: Any) -> GymnasiumWorld:
    return GymnasiumWorld("counter", make, step_s=0.1, max_steps=6, **options)


def test_the_battery_of_worlds_passes() -> None:
    assert check_world(world(stack=2))


def test_pictures_come_in_our_order_and_range() -> None:
    played = world()
    seen = played.observe(played.reset(TWO), {}).images
    assert played.observation_shape == tuple(seen.shape[1:]) == (3, 10, 12)
    assert torch.allclose(seen[:, 0, 0, 0] * 255, torch.tensor([30.0, 40.0]))


def test_a_stack_begins_with_the_first_picture_and_ends_with_the_newest() -> None:
    played = world(stack=3)
    state = played.reset(TWO)
    for _ in range(2):
        state = played.step(state, torch.tensor([1, 2])).state
    seen = (played.observe(state, {}).images[:, ::3, 0, 0] * 255).round()
    assert seen.tolist() == [[30, 31, 32], [40, 41, 42]]
    assert played.measured(state)["return"].tolist() == [2, 4]


def test_an_episode_that_has_ended_stays_and_earns_nothing() -> None:
    played = world()
    state = played.reset(TWO)
    ended, rewards = [], []
    for _ in range(5):
        done = played.step(state, torch.tensor([1, 1]))
        state = done.state
        ended.append(done.ended.tolist())
        rewards.append(done.reward.tolist())
    assert ended == [[False, False], [False, False], [True, False], [True, True], [True, True]]
    assert rewards[3:] == [[0, 1], [0, 0]]
    assert (played.observe(state, {}).images[:, 0, 0, 0] * 255).round().tolist() == [33, 44]


def test_a_batch_gives_what_single_ones_give_and_no_episode_is_endless() -> None:
    played = world()
    both, alone = played.reset(torch.tensor([9, 5])), played.reset(torch.tensor([9]))
    for _ in range(6):
        both, single = played.step(both, torch.tensor([2, 0])), played.step(alone, torch.tensor([2]))
        assert both.reward[0] == single.reward[0]
        assert both.ended[0] == single.ended[0]
        both, alone = both.state, single.state
    assert both.ended.all()


def test_a_world_that_changes_under_the_same_seed_is_named() -> None:
    with pytest.raises(BadInput, match=r"another episode for the same seed \(3\): the picture at step 0 differs"):
        world(Forgetful).reset(TWO)


@pytest.mark.parametrize(
    "space",
    [spaces.Box(-1, 1, (4,)), spaces.Box(0, 255, (7, 7, 3), np.uint8), spaces.Dict(image=Counter.observation_space),
     spaces.Box(-1, 1, (20, 20, 3)), spaces.Text(5)],
    ids=["numbers", "cells", "several", "signed", "words"],
)  # fmt: skip
def test_an_environment_without_pixels_is_refused_in_one_line(space: Any) -> None:
    class Blind(Counter):
        observation_space = space

    with pytest.raises(IncompatibleParts, match=r"shows no pixels: its observations are .*world\.picture=render"):
        world(Blind)


@pytest.mark.parametrize(
    ("space", "shape"),
    [(spaces.Box(0, 255, (20, 30), np.uint8), (1, 20, 30)), (spaces.Box(0, 255, (4, 20, 30), np.uint8), (4, 20, 30)),
     (spaces.Box(0, 1, (20, 30, 3)), (3, 20, 30)), (spaces.Box(0, 255, (20, 30, 4), np.uint8), (4, 20, 30))],
)  # fmt: skip
def test_grey_stacked_and_float_pictures_are_taken(space: Any, shape: tuple[int, int, int]) -> None:
    class Other(Counter):
        observation_space = space

        def picture(self) -> Any:
            return np.ones(space.shape, space.dtype)

    played = world(Other)
    seen = played.observe(played.reset(TWO), {}).images
    assert tuple(seen.shape[1:]) == shape == played.observation_shape
    assert seen.max().item() == pytest.approx(1 if space.dtype == np.float32 else 1 / 255)


def test_actions_have_names_and_there_are_few() -> None:
    class Steered(Counter):
        action_space: Any = spaces.Box(-1, 1, (2,))

    assert world().actions == ("0", "1", "2")
    assert world(actions=("stay", "left", "right")).actions == ("stay", "left", "right")
    with pytest.raises(BadOption, match="has 3 actions"):
        world(actions=("stay", "left"))
    with pytest.raises(IncompatibleParts, match="continuous:false"):
        world(Steered)


def test_a_print_has_no_place_there() -> None:
    played = world()
    with pytest.raises(IncompatibleParts, match="no place for a print"):
        played.observe(played.reset(TWO), {"sign": PatchImage(torch.zeros(3, 2, 2), torch.ones(1, 2, 2), 10.0)})


def test_what_cannot_be_is_refused_before_anything_is_imported() -> None:
    for options, message in (
        ({}, "world.id is missing"),
        ({"picture": "rgb"}, "observation or render"),
        ({"size_px": [4, 4]}, r"\[height,width\]"),
        ({"stack": 0}, "world.stack"),
        ({"max_steps": -1}, "must not be negative"),
        ({"arguments": ["continuous=false"]}, "name:value"),
        ({"wrappers": ["minigrid.wrappers"]}, "module:Class"),
    ):
        with pytest.raises(BadOption, match=message):
            check_gymnasium(GymnasiumConfig(**{"id": "A-v0", **options} if options else {}))


def test_an_environment_is_made_by_its_name() -> None:
    played = build(
        GymnasiumConfig("CartPole-v1", picture="render", size_px=[24, 36], grey=True, skip=2, actions=["left", "right"])
    )
    seen = played.observe(played.reset(torch.tensor([0])), {}).images
    assert seen.shape == (1, 1, 24, 36)
    assert 0 < seen.min() < seen.max()
    assert played.max_steps == 250
    assert played.step_s == pytest.approx(0.04)


def test_what_gymnasium_does_not_know_is_one_line() -> None:
    with pytest.raises(BadOption, match="Did you mean: `CartPole`"):
        build(GymnasiumConfig("CartPol-v1"))
    with pytest.raises(BadOption, match="unexpected keyword argument"):
        build(GymnasiumConfig("CartPole-v1", ["wheels:3"]))
    with pytest.raises(MissingExtra, match="No module named 'nowhere'"):
        build(GymnasiumConfig("nowhere:CartPole-v1"))
    with pytest.raises(BadOption, match="has no 'Nothing'"):
        build(GymnasiumConfig("CartPole-v1", wrappers=["gymnasium.wrappers:Nothing"]))
    with pytest.raises(BadOption, match="cannot be shrunk or made grey"):
        build(GymnasiumConfig("CartPole-v1", grey=True))


def test_car_racing_is_a_world() -> None:
    pytest.importorskip("Box2D", reason="Box2D is not installed: pip install 'physadv[gym]'")
    played = build(GymnasiumConfig("CarRacing-v3", ["continuous:false"]))
    state = played.reset(torch.tensor([5]))
    for _ in range(3):
        state = played.step(state, torch.tensor([3])).state
    assert played.observe(state, {}).images.shape == (1, 3, 96, 96)


def test_minigrid_is_a_world_in_colour() -> None:
    pytest.importorskip("minigrid", reason="MiniGrid is not installed: pip install 'physadv[gym]'")
    wrappers = ["minigrid.wrappers:RGBImgPartialObsWrapper", "minigrid.wrappers:ImgObsWrapper"]
    played = build(GymnasiumConfig("minigrid:MiniGrid-Empty-5x5-v0", wrappers=wrappers, max_steps=50))
    assert played.observe(played.reset(torch.tensor([5])), {}).images.shape == (1, 3, 56, 56)
    with pytest.raises(BadOption, match=r"set world\.max_steps"):
        build(GymnasiumConfig("minigrid:MiniGrid-Empty-5x5-v0", wrappers=wrappers))
