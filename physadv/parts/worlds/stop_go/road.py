"""A world on the road: cars and measures are the same whoever draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.types import PatchImage, SceneBatch
from physadv.core.worlds import EpisodeMeasure, Observation, TextureSlot, Transition
from physadv.parts.worlds.options import StopGoConfig
from physadv.parts.worlds.stop_go import driving
from physadv.parts.worlds.stop_go.episodes import drawn
from physadv.parts.worlds.stop_go.faces import STOP
from physadv.parts.worlds.stop_go.objects import SeenPlates, scene_of
from physadv.parts.worlds.stop_go.slots import SLOTS, require_fitting

MEASURES = (
    EpisodeMeasure("return", "1 for a right stop or pass, -1 for a violation, -0.02 a step"),
    EpisodeMeasure("stopped", "stood within 8 m before the line, of episodes with STOP", share=True),
    EpisodeMeasure("passed", "went on, of episodes with nothing to stop for", share=True),
    EpisodeMeasure("violation", "ran STOP, or hit somebody", better="less", share=True),
    EpisodeMeasure("hit", "hit the person, of episodes in which one crosses", better="less", share=True),
    EpisodeMeasure("overrun_m", "beyond the line, 10 at most, of episodes with STOP", better="less"),
)


class RoadArtist(Protocol):
    """Draws moments of the road."""

    def pictures(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Tensor:
        """``(E, 3, H, W)`` sRGB in [0, 1]; each print fits its slot."""
        ...

    def seen(self, state: driving.RoadState) -> SeenPlates:
        """Where everything is in these pictures."""
        ...


class RoadWorld:
    """Episodes of the road; a state is kept, picked from and joined freely."""

    name = "road"
    actions = driving.ACTIONS
    slots: tuple[TextureSlot, ...] = tuple(place.texture for place in SLOTS.values())
    measures = MEASURES
    step_s = driving.STEP_S
    max_steps = driving.MAX_STEPS

    def __init__(self, config: StopGoConfig, artist: RoadArtist, device: torch.device | str) -> None:
        self._config, self._artist, self._device = config, artist, torch.device(device)

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        return 3, self._config.height_px, self._config.width_px

    def reset(self, seeds: Tensor) -> driving.RoadState:
        """The begin of the episodes of ``seeds`` ``(E,)`` int64. Raises :class:`BadOption` where there is none."""
        if not len(seeds):
            raise BadOption(f"world={self.name} needs one seed or more, got none")
        return driving.begun(drawn(seeds.cpu(), self._config, STOP).to(self._device))

    def observe(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Observation:
        """Pictures ``(E, 3, H, W)``. Raises :class:`BadOption` for a print that is larger than its slot, or on none."""
        for slot, image in prints.items():
            require_fitting(slot, image)
        return Observation(self._artist.pictures(state, prints), state.speed_m_s)

    def step(self, state: driving.RoadState, actions: Tensor) -> Transition:
        """A quarter of a second further."""
        after, reward = driving.moved(state, actions)
        return Transition(after, reward, after.ended)

    def measured(self, state: driving.RoadState) -> dict[str, Tensor]:
        return driving.measures(state)

    def advised(self, state: driving.RoadState) -> Tensor:
        """``(E,)`` int64: what one would do who knows what stands where."""
        return driving.advised(state)

    def conditions(self, state: driving.RoadState) -> dict[str, Tensor]:
        """How fast, how far from the line, and how light: 1 is as white as sRGB white."""
        light = state.episodes.illuminant[:, 1]
        return {"speed_m_s": state.speed_m_s, "distance_m": state.to_line_m, "light": light}

    def scene(self, state: driving.RoadState, slot: str) -> SceneBatch:
        """The pictures of now and everything in them; what has the slot wears the print."""
        return scene_of(self.name, self._artist.pictures(state, {}), self._artist.seen(state), state, slot)

    def pick(self, state: driving.RoadState, episodes: Tensor) -> driving.RoadState:
        """Only these episodes ``(e,)`` int64."""
        return state.pick(episodes)

    def joined(self, states: Sequence[driving.RoadState]) -> driving.RoadState:
        """The episodes of several states as those of one."""
        return driving.RoadState.joined(states)
