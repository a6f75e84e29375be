"""The film of a world: what its camera sees while somebody drives who knows what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import IncompatibleParts
from physadv.core.seeding import generator
from physadv.core.types import Frame, PatchImage
from physadv.core.worlds import Advises, World
from physadv.library.colour.conversion import bgr_u8_from_srgb
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.recorded import played
from physadv.parts.frames.source import Frames, Status

NAME = "world"


@dataclass(frozen=True)
class Played:
    """The world that is filmed, and what hangs in it."""

    world: World
    prints: Mapping[str, PatchImage] = field(default_factory=dict)  # slot → as it looks in print
    episodes: int = 3
    seed: int = 0


class WorldFilm:
    """One episode after the other, a frame a decision. A world that advises nobody is driven at random."""

    live = False

    def __init__(self, played_in: Played, options: FrameOptions) -> None:
        """Raises :class:`IncompatibleParts` where the world shows no colours."""
        world = played_in.world
        if world.observation_shape[0] != 3:
            raise IncompatibleParts(
                f"world={world.name} shows {world.observation_shape[0]} planes, and a film has three colours. "
                "Choose another world"
            )
        self.name = NAME
        self.fps: float | None = 1 / world.step_s
        self._played, self._options = played_in, options

    def frames(self, status: Status) -> Frames:
        """All frames between start and stop, again and again if looped."""
        return played(lambda: self._once(status), status, self._options, lambda: self.fps)

    def _once(self, status: Status) -> Frames:
        world, index = self._played.world, 0
        for episode in range(self._played.episodes):
            seed = self._played.seed + episode
            chance = generator(seed, "film/actions")
            state, ended = world.reset(torch.tensor([seed])), False
            while not ended and not status.stopping.is_set():
                status.beat()
                yield Frame(index, index * world.step_s, self._seen(world, state))
                moved = world.step(state, _action(world, state, chance))
                state, ended, index = moved.state, bool(moved.ended.all()), index + 1

    @torch.no_grad()
    def _seen(self, world: World, state: Any) -> Any:
        return bgr_u8_from_srgb(world.observe(state, self._played.prints).images[0])


def _action(world: World, state: Any, chance: torch.Generator) -> Tensor:
    if isinstance(world, Advises):
        return world.advised(state)
    return torch.randint(len(world.actions), (1,), generator=chance)
