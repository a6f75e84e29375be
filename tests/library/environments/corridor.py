"""A world of four decisions: a light wanders along a row of eight places, and whoever follows it is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.core.worlds import EpisodeMeasure, Observation, TextureSlot, Transition


@dataclass(frozen=True)
class Places:
    place: Tensor  # (E,) of the light
    steps: Tensor
    total: Tensor
    over: Tensor


@dataclass(frozen=True)
class BeginsTogether:
    """The light stands at the seed's place; "right" takes it on, and at the end of the row the episode is over."""

    name: str = "corridor"
    actions: tuple[str, ...] = ("stay", "right")
    slots: tuple[TextureSlot, ...] = ()
    measures: tuple[EpisodeMeasure, ...] = (EpisodeMeasure("return", "places passed"),)
    step_s: float = 0.5
    max_steps: int = 4
    observation_shape: tuple[int, int, int] = (3, 2, 8)

    def reset(self, seeds: Tensor) -> Places:
        still = torch.zeros(len(seeds))
        return Places(seeds.remainder(6), still.long(), still, still.bool())

    def observe(self, state: Places, prints: Mapping[str, PatchImage]) -> Observation:
        images = torch.zeros(len(state.place), *self.observation_shape)
        images[torch.arange(len(images)), :, :, state.place.clamp(max=7)] = 1
        return Observation(images)

    def step(self, state: Places, actions: Tensor) -> Transition:
        move = actions * ~state.over
        steps = state.steps + ~state.over * 1
        place = state.place + move
        over = state.over | (place >= 7) | (steps >= self.max_steps)
        return Transition(Places(place, steps, state.total + move, over), move.float(), over)

    def measured(self, state: Places) -> dict[str, Tensor]:
        return {"return": state.total}

    def to(self, device: torch.device | str) -> BeginsTogether:
        return self


@dataclass(frozen=True)
class Corridor(BeginsTogether):
    """The same, and it keeps its states."""

    def pick(self, state: Places, episodes: Tensor) -> Places:
        return Places(*(value[episodes] for value in vars(state).values()))

    def joined(self, states: Sequence[Places]) -> Places:
        return Places(*(torch.cat(values) for values in zip(*(vars(state).values() for state in states), strict=True)))
