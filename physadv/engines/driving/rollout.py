"""One set of episodes side by side: the world shows, somebody meddles, the policy acts, the world goes on.

world.observe ─► meddler.shown ─► 8 bits ─► policy.act ─► world.step ─► …  until all have ended
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from physadv.core.defended import defended_in
from physadv.core.errors import BadInput, IncompatibleParts
from physadv.core.types import PatchImage
from physadv.core.worlds import Episode, Observation, Policy, World


@dataclass(frozen=True)
class Drive:
    """Who drives where."""

    world: World
    policy: Policy
    device: torch.device
    quantised: bool = True  # what the policy sees is rounded to 8 bits a colour, as a camera's frames are


@dataclass(frozen=True)
class Moment:
    """All episodes at one time, before the policy acts."""

    step: int
    state: Any  # of the world
    seeds: Sequence[int]  # (E,) of the episodes
    observation: Observation  # as the world shows it
    running: Tensor  # (E,) bool


@dataclass(frozen=True)
class Acted:
    """A moment, and what came of it."""

    moment: Moment
    images: Tensor  # (E, C, H, W) as the policy saw them
    touched: Tensor  # (E,) bool: the attack did something
    actions: Tensor  # (E,) int64 into the world's


Follow = Callable[[Acted], None]
"""Hears of every moment."""


class Meddler(Protocol):
    """Somebody between the world and the policy."""

    @property
    def prints(self) -> Mapping[str, PatchImage]:
        """That hang in the world, by their slots, as they look in print."""
        ...

    def begin(self, drive: Drive, seeds: Sequence[int]) -> None:
        """Other episodes begin."""
        ...

    def shown(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """The pictures ``(E,C,H,W)`` as the policy gets them, and which of them were changed ``(E,)`` bool."""
        ...

    @property
    def facts(self) -> dict[str, float]:
        """What it did so far, for the record: "asked" images of a victim, the largest "size" of a change."""
        ...


def check_fit(drive: Drive) -> None:
    """Raise :class:`IncompatibleParts` where the policy cannot drive in this world."""
    world, policy = drive.world, drive.policy
    if missing := [action for action in world.actions if action not in policy.actions]:
        raise IncompatibleParts(
            f"policy {policy.name!r} takes no action {missing[0]!r}, which world {world.name!r} has; it takes "
            f"{', '.join(policy.actions)}. Choose a policy that was made for this world"
        )
    wanted, given = policy.observation_shape, tuple(world.observation_shape)
    if wanted is not None and tuple(wanted) != given:
        raise IncompatibleParts(
            f"policy {policy.name!r} was made for pictures of {_by(wanted)}, but world {world.name!r} shows "
            f"{_by(given)} (channels × height × width). Set the size of the world's pictures, or choose another policy"
        )
    if wanted is None and given[0] != 3:
        raise IncompatibleParts(
            f"policy {policy.name!r} looks at pictures in colour, but world {world.name!r} shows {given[0]} channels. "
            "Choose another policy, or a world that shows colours"
        )


def roll(drive: Drive, meddler: Meddler, seeds: Sequence[int], follow: Follow | None = None) -> tuple[Episode, ...]:
    """Drive the episodes of the seeds to their ends. The same seeds, the same episodes."""
    world, policy, count = drive.world, drive.policy, len(seeds)
    translated = _translated(drive)
    state = world.reset(torch.tensor(seeds, dtype=torch.int64))
    _forget(policy, count)
    meddler.begin(drive, seeds)
    running = torch.ones(count, dtype=torch.bool, device=drive.device)
    steps, attacked = (torch.zeros(count, dtype=torch.int64, device=drive.device) for _ in range(2))
    for step in range(world.max_steps):
        with torch.no_grad():
            observation = world.observe(state, meddler.prints)
        moment = Moment(step, state, seeds, observation, running)
        images, touched = meddler.shown(moment)
        images = rounded(images) if drive.quantised else images
        with torch.no_grad():
            actions = _known(drive, translated[policy.act(replace(observation, images=images)).to(drive.device)])
        if follow is not None:
            follow(Acted(moment, images, touched & running, actions))
        steps, attacked = steps + running, attacked + (touched & running)
        moved = world.step(state, actions)
        state, running = moved.state, ~moved.ended.to(drive.device)
        if not bool(running.any()):
            break
    measured = {name: values.tolist() for name, values in world.measured(state).items()}
    return tuple(
        Episode(seed, int(steps[e]), {name: float(values[e]) for name, values in measured.items()}, int(attacked[e]))
        for e, seed in enumerate(seeds)
    )


def rounded(images: Tensor) -> Tensor:
    """The pictures in 8-bit codes, still from 0 to 1."""
    return (images * 255).round().clamp(0, 255) / 255


def _forget(policy: Policy, episodes: int) -> None:
    """Neither the policy nor a defence in it remembers what was before."""
    policy.begin(episodes)
    if behind := defended_in(policy.victim):
        behind.reset()


def _translated(drive: Drive) -> Tensor:
    """Policy's action → world's; -1 where the world does not know it."""
    known = {action: index for index, action in enumerate(drive.world.actions)}
    return torch.tensor([known.get(action, -1) for action in drive.policy.actions], device=drive.device)


def _known(drive: Drive, actions: Tensor) -> Tensor:
    if bool((actions < 0).any()):
        raise BadInput(
            f"policy {drive.policy.name!r} took an action that world {drive.world.name!r} does not have; it has "
            f"{', '.join(drive.world.actions)}. Choose a policy that was made for this world"
        )
    return actions


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))
