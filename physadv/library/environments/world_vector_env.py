"""Many episodes of a world side by side, as a ``gymnasium.vector.VectorEnv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray
from torch import Tensor

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.types import PatchImage
from physadv.core.worlds import KeepsStates, World
from physadv.library.environments.gymnasium_views import (
    Pixels,
    action_space,
    fresh_seeds,
    metadata,
    picture_space,
    pixels,
)

Stepped = tuple[Pixels, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]


class WorldVectorEnv(VectorEnv[Pixels, NDArray[np.int64], NDArray[Any]]):
    """``count`` episodes in one batch of the world; one that ends is followed by another.

    With ``AutoresetMode.NEXT_STEP`` the step after the last shows the new episode's begin, with no reward; with
    ``SAME_STEP`` the last step does, and ``info`` has ``final_obs`` and ``final_info``. ``reset(seed=7)`` begins the
    episodes 7, 8, 9, ... Raises :class:`IncompatibleParts` where the world's episodes only begin together:
    ``gymnasium.vector.SyncVectorEnv`` of single ones takes such a world.
    """

    def __init__(
        self, world: World, count: int, prints: Mapping[str, PatchImage] | None = None,
        autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:  # fmt: skip
        if not isinstance(world, KeepsStates):
            raise IncompatibleParts(
                f"the episodes of world {world.name!r} only begin together, because it keeps no states. "
                "Use gymnasium.vector.SyncVectorEnv of single ones (WorldEnv)"
            )
        if count < 1 or autoreset_mode not in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
            raise BadOption(f"needs count of at least 1 and NEXT_STEP or SAME_STEP, got {count} and {autoreset_mode}")
        self.num_envs = count
        self.metadata = {**metadata(world), "autoreset_mode": autoreset_mode}
        self.single_observation_space, self.single_action_space = picture_space(world), action_space(world)
        self.observation_space = batch_space(self.single_observation_space, count)
        self.action_space = batch_space(self.single_action_space, count)
        self._world, self._keeps, self._prints = world, world, dict(prints or {})
        self._mode = autoreset_mode
        self._state: Any = None
        self._steps = torch.zeros(count, dtype=torch.int64)
        self._over = torch.zeros(count, dtype=torch.bool)

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Pixels, dict[str, Any]]:
        """Begin ``count`` episodes."""
        if isinstance(seed, int):
            super().reset(seed=seed)
        seeds = fresh_seeds(self.np_random, self.num_envs) if seed is None else self._asked(seed)
        self._state = self._world.reset(seeds)
        self._steps.zero_()
        self._over.fill_(False)
        return self._pixels(), self._facts(torch.ones_like(self._over))

    def step(self, actions: NDArray[np.int64]) -> Stepped:
        """One decision further, in all that have not ended."""
        begins = self._over
        transition = self._world.step(self._state, torch.as_tensor(np.asarray(actions), dtype=torch.int64))
        self._state, self._steps = transition.state, self._steps + 1
        if begins.any():
            self._restart(begins)
        ended = transition.ended.cpu() & ~begins
        late = ended & (self._steps >= self._world.max_steps)
        reward = torch.where(begins, torch.zeros(()), transition.reward.cpu()).double().numpy()
        self._over, final = ended, {}
        if self._mode is AutoresetMode.SAME_STEP and ended.any():
            final = self._final(ended)
            self._restart(ended)
            self._over = torch.zeros_like(ended)
        facts = self._facts(torch.ones_like(ended))
        return self._pixels(), reward, (ended & ~late).numpy(), late.numpy(), {**facts, **final}

    def _asked(self, seed: int | Sequence[int]) -> Tensor:
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else list(seed)
        if len(seeds) != self.num_envs:
            raise BadOption(f"needs a seed for each of {self.num_envs} episodes, got {len(seeds)}")
        return torch.tensor(seeds)

    def _restart(self, which: Tensor) -> None:
        begun = self._world.reset(fresh_seeds(self.np_random, int(which.sum())))
        rows = torch.arange(self.num_envs)
        rows[which] = self.num_envs + torch.arange(int(which.sum()))  # those that begin stand behind all that go on
        self._state = self._keeps.pick(self._keeps.joined([self._state, begun]), rows)
        self._steps[which] = 0

    def _final(self, ended: Tensor) -> dict[str, Any]:
        shown = np.full(self.num_envs, None, dtype=object)
        for row, picture in enumerate(self._pixels()):
            shown[row] = picture if ended[row] else None
        mask = ended.numpy()
        return {"final_obs": shown, "_final_obs": mask, "final_info": self._facts(ended), "_final_info": mask}

    def _facts(self, which: Tensor) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in self._world.measured(self._state).items():
            value = value.detach().cpu().double()
            told = which & ~value.isnan()  # nan: an episode gave no chance to measure it
            found |= {name: torch.where(told, value, 0.0).numpy(), f"_{name}": told.numpy()}
        return found

    @torch.no_grad()
    def _pixels(self) -> Pixels:
        return pixels(self._world.observe(self._state, self._prints))
