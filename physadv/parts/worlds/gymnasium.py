"""Environments of Gymnasium as a world: whatever shows pixels and takes one of a few actions.

Only the pictures can be attacked there: nobody knows where in them a print would lie, so there are no slots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.core.types import PatchImage
from physadv.core.worlds import EpisodeMeasure, Observation, TextureSlot, Transition
from physadv.library.episodes.repeating import changes
from physadv.parts.worlds.pixel_spaces import PixelSpace

Environment = Any  # gymnasium.Env[numpy array, number]; the package may be missing


@dataclass(frozen=True)
class Rollouts:
    """The state: environments that run side by side, and what they have shown."""

    running: tuple[Environment, ...]
    frames: Tensor  # (E, stack*C, H, W) of 8 bits, the newest last
    total: Tensor  # (E,) of the rewards
    steps: int
    ended: Tensor  # (E,) bool


class GymnasiumWorld:
    """As many environments as there are episodes, made anew for each set of them.

    ``make`` makes one, which is then the caller's no more; ``step_s`` are the seconds between two decisions, and an
    episode ends after ``max_steps`` of them. ``actions`` name its actions in their order, ``stack`` pictures are seen
    at once. Raises :class:`IncompatibleParts` where it shows
    no pixels or takes no single action of a few, :class:`BadOption` where the names do not fit.
    """

    slots: tuple[TextureSlot, ...] = ()
    measures = (EpisodeMeasure("return", "sum of the environment's rewards"),)

    def __init__(
        self, name: str, make: Callable[[], Environment], *, step_s: float, max_steps: int,
        actions: tuple[str, ...] = (), stack: int = 1,
    ) -> None:  # fmt: skip
        self.name, self.step_s, self.max_steps = name, step_s, max_steps
        self._make, self._stack = make, stack
        self._device = torch.device("cpu")
        self._checked = False
        probe = make()
        self._space = PixelSpace.of(name, probe)
        self.actions = _named(name, actions, _count_of_actions(name, probe))
        probe.close()
        channels, height, width = self._space.shape
        self.observation_shape = (channels * stack, height, width)

    def to(self, device: torch.device | str) -> GymnasiumWorld:
        """The same environments, which run where they always do; their pictures lie on the device."""
        self._device = torch.device(device)
        return self

    def reset(self, seeds: Tensor) -> Rollouts:
        """The begin. Raises :class:`BadInput` where the same seed is not the same episode, which is tried out once."""
        self._check_repeats(seeds[:1])
        running = tuple(self._make() for _ in range(len(seeds)))
        shown = [
            self._space.picture(one.reset(seed=int(seed))[0]) for one, seed in zip(running, seeds, strict=True)
        ]  # fmt: skip
        frames = torch.stack([torch.from_numpy(picture).repeat(self._stack, 1, 1) for picture in shown])
        return Rollouts(running, frames, torch.zeros(len(seeds)), 0, torch.zeros(len(seeds), dtype=torch.bool))

    def observe(self, state: Rollouts, prints: Mapping[str, PatchImage]) -> Observation:
        """The last ``stack`` pictures; the one of the begin stands for those before it."""
        if prints:
            raise IncompatibleParts(
                f"world {self.name!r} has no place for a print: only its pictures can be attacked. "
                "Choose an attack on pictures, or a world with slots"
            )
        return Observation(state.frames.to(self._device).float() / 255)

    def step(self, state: Rollouts, actions: Tensor) -> Transition:
        """Environments that have ended are asked no more."""
        reward, ended = torch.zeros_like(state.total), state.ended.clone()
        frames = state.frames.roll(-self._space.shape[0], dims=1)
        for row in torch.nonzero(~state.ended)[:, 0].tolist():
            shown, gain, terminated, truncated, _ = state.running[row].step(int(actions[row]))
            frames[row, -self._space.shape[0] :] = torch.from_numpy(self._space.picture(shown))
            reward[row], ended[row] = float(gain), bool(terminated or truncated)
        frames[state.ended] = state.frames[state.ended]
        steps = state.steps + 1
        ended |= torch.tensor(steps >= self.max_steps)
        for row in torch.nonzero(ended & ~state.ended)[:, 0].tolist():
            state.running[row].close()
        after = replace(state, frames=frames, total=state.total + reward, steps=steps, ended=ended)
        return Transition(after, reward.to(self._device), ended.to(self._device))

    def measured(self, state: Rollouts) -> dict[str, Tensor]:
        """The return so far."""
        return {"return": state.total.to(self._device)}

    def _check_repeats(self, seed: Tensor) -> None:
        """Only once, by two episodes of a few steps."""
        if self._checked:
            return
        self._checked = True
        if where := changes(self, seed):
            raise BadInput(
                f"world {self.name!r} gives another episode for the same seed ({int(seed)}): {where} differs, so that "
                "nothing measured in it could be compared. Have its reset() seed all its random numbers"
            )


def _count_of_actions(name: str, env: Environment) -> int:
    from gymnasium.spaces import Discrete

    if not isinstance(env.action_space, Discrete) or env.action_space.start != 0:
        raise IncompatibleParts(
            f"world {name!r} takes {env.action_space}, and a policy chooses one of a few actions. Choose an "
            "environment with discrete ones; CarRacing has them with world.arguments=[continuous:false]"
        )
    return int(env.action_space.n)


def _named(name: str, actions: tuple[str, ...], count: int) -> tuple[str, ...]:
    if actions and (len(actions) != count or len(set(actions)) != count):
        raise BadOption(f"world {name!r} has {count} actions; world.actions names {', '.join(actions)}")
    return actions or tuple(str(number) for number in range(count))
