"""The battery for worlds names what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BrokenPart
from physadv.core.types import PatchImage
from physadv.core.worlds import EpisodeMeasure, Observation, TextureSlot, Transition
from physadv.testing import check_world


@dataclass(frozen=True)
class Moment:
    grey: Tensor  # (E,)
    step: Tensor  # (E,) int64
    total: Tensor  # (E,)


class Corridor:
    """Three steps of a grey wall, with a board in the middle."""

    name = "corridor"
    actions = ("wait", "go")
    slots: tuple[TextureSlot, ...] = (TextureSlot("board", 100, 100),)
    measures: tuple[EpisodeMeasure, ...] = (EpisodeMeasure("return", "a third a step"),)
    step_s = 1.0
    max_steps = 3
    observation_shape = (3, 8, 8)

    def reset(self, seeds: Tensor) -> Moment:
        grey = torch.cat([torch.rand(1, generator=torch.Generator().manual_seed(seed)) for seed in seeds.tolist()])
        return Moment(grey, torch.zeros_like(seeds), torch.zeros(len(seeds)))

    def observe(self, state: Moment, prints: Mapping[str, PatchImage]) -> Observation:
        images = (state.grey / (1 + state.step))[:, None, None, None].repeat(1, 3, 8, 8)
        board = torch.zeros(8, 8)
        board[3:5, 3:5] = 1
        for sheet in prints.values():
            ink = (sheet.srgb * sheet.alpha).mean((1, 2))[:, None, None]
            images = images * (1 - board * sheet.alpha.mean()) + board * ink
        return Observation(images)

    def step(self, state: Moment, actions: Tensor) -> Transition:
        going = state.step < 3
        reward = torch.where(going, 1 / 3, 0.0)
        after = Moment(state.grey, state.step + going, state.total + reward)
        return Transition(after, reward, after.step >= 3)

    def measured(self, state: Moment) -> dict[str, Tensor]:
        return {"return": state.total}

    def to(self, device: torch.device | str) -> Corridor:
        return self


class Moody(Corridor):
    """As the hour has it."""

    times = 0

    def reset(self, seeds: Tensor) -> Moment:
        self.times += 1
        state = super().reset(seeds)
        return replace(state, grey=state.grey * (1 + 0.01 * self.times) / 2)


class Crowded(Corridor):
    """Every episode sees the batch's mean."""

    def observe(self, state: Moment, prints: Mapping[str, PatchImage]) -> Observation:
        return super().observe(replace(state, grey=(state.grey + state.grey.mean()) / 2), prints)


class Endless(Corridor):
    def step(self, state: Moment, actions: Tensor) -> Transition:
        moved = super().step(state, actions)
        return replace(moved, ended=torch.zeros_like(moved.ended))


class Generous(Corridor):
    def step(self, state: Moment, actions: Tensor) -> Transition:
        return replace(super().step(state, actions), reward=torch.ones(len(actions)))

    max_steps = 5

    def measured(self, state: Moment) -> dict[str, Tensor]:
        return {"return": state.total}


class Silent(Corridor):
    def measured(self, state: Moment) -> dict[str, Tensor]:
        return {}


class Blind(Corridor):
    def observe(self, state: Moment, prints: Mapping[str, PatchImage]) -> Observation:
        return super().observe(state, {})


class Bright(Corridor):
    def observe(self, state: Moment, prints: Mapping[str, PatchImage]) -> Observation:
        return Observation(super().observe(state, prints).images * 255)


class Wide(Corridor):
    observation_shape = (3, 8, 16)


class Untold(Corridor):
    measures = (EpisodeMeasure("score", "no return"),)


def test_a_small_world_passes() -> None:
    assert len(check_world(Corridor())) == 8


BROKEN: dict[str, type[Any]] = {
    "the same seed gives another episode: the picture at step 0 differs": Moody,
    "in a batch the episode of seed 3 is not what it is alone": Crowded,
    "after max_steps=3 an episode has not ended": Endless,
    "measured gives \\[\\], promised are \\['return'\\]": Silent,
    "a print on the slot 'board' is seen in none": Blind,
    "not within 0 and 1": Bright,
    "where \\(3, 3, 8, 16\\) is due": Wide,
    "must name 'return'": Untold,
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_is_wrong_is_named(message: str) -> None:
    with pytest.raises(BrokenPart, match=message):
        check_world(BROKEN[message]())
