"""One episode after another of a world, as a ``gymnasium.Env``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import torch

from physadv.core.types import PatchImage
from physadv.core.worlds import World
from physadv.library.environments.gymnasium_views import (
    Pixels,
    action_space,
    fresh_seeds,
    metadata,
    picture_space,
    pixels,
)


class WorldEnv(gymnasium.Env[Pixels, np.int64]):
    """Pictures ``(H, W, C)`` of 8 bits, a number an action; ``info`` has the episode's measures so far.

    What an episode has given no chance to measure is not in ``info``. ``reset(seed=7)`` is the episode that has seed 7
    everywhere else. ``prints`` lie in the world's slots all the time. An episode that ends at the world's last step is
    truncated, any other is terminated.
    """

    def __init__(
        self, world: World, prints: Mapping[str, PatchImage] | None = None, render_mode: str | None = None
    ) -> None:
        self.metadata = metadata(world)
        self.render_mode = render_mode
        self.observation_space, self.action_space = picture_space(world), action_space(world)
        self._world, self._prints = world, dict(prints or {})
        self._state: Any = None
        self._steps = 0
        self._shown: Pixels | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Pixels, dict[str, Any]]:
        """Begin the episode of ``seed``, without one the next of an endless row."""
        super().reset(seed=seed)
        seeds = fresh_seeds(self.np_random, 1) if seed is None else torch.tensor([seed])
        self._state, self._steps = self._world.reset(seeds), 0
        return self._seen()

    def step(self, action: np.int64) -> tuple[Pixels, float, bool, bool, dict[str, Any]]:
        """One decision further."""
        transition = self._world.step(self._state, torch.tensor([int(action)]))
        self._state, self._steps = transition.state, self._steps + 1
        ended, late = bool(transition.ended[0]), self._steps >= self._world.max_steps
        shown, facts = self._seen()
        return shown, float(transition.reward[0]), ended and not late, ended and late, facts

    def render(self) -> Pixels | None:
        """The picture of now; ``None`` unless ``render_mode`` is "rgb_array"."""
        return self._shown if self.render_mode == "rgb_array" else None

    @torch.no_grad()
    def _seen(self) -> tuple[Pixels, dict[str, Any]]:
        self._shown = pixels(self._world.observe(self._state, self._prints))[0]
        facts = {name: float(value[0]) for name, value in self._world.measured(self._state).items()}
        return self._shown, {name: value for name, value in facts.items() if not math.isnan(value)}
