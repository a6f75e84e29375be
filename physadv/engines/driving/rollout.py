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
from physadv.core.types import PatchImage
from physadv.core.worlds import Episode, MeasuresDriving, Observation, Policy, World, world_actions


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


def roll(
    drive: Drive, meddler: Meddler, seeds: Sequence[int], follow: Follow | None = None, *, max_steps: int = 0
) -> tuple[Episode, ...]:
    """Drive the episodes of the seeds to their ends, or for ``max_steps``. The same seeds, the same episodes."""
    world, policy, count = drive.world, drive.policy, len(seeds)
    known = world_actions(policy, world).to(drive.device)
    state = world.reset(torch.tensor(seeds, dtype=torch.int64))
    _forget(policy, count)
    meddler.begin(drive, seeds)
    running = torch.ones(count, dtype=torch.bool, device=drive.device)
    steps, attacked = (torch.zeros(count, dtype=torch.int64, device=drive.device) for _ in range(2))
    for step in range(max_steps or world.max_steps):
        with torch.no_grad():
            observation = world.observe(state, meddler.prints)
        moment = Moment(step, state, seeds, observation, running)
        images, touched = meddler.shown(moment)
        images = rounded(images) if drive.quantised else images
        with torch.no_grad():
            actions = known[policy.act(replace(observation, images=images)).to(drive.device)]
        if follow is not None:
            follow(Acted(moment, images, touched & running, actions))
        steps, attacked = steps + running, attacked + (touched & running)
        moved = world.step(state, actions)
        state, running = moved.state, ~moved.ended.to(drive.device)
        if not bool(running.any()):
            break
    own = policy.measured() if isinstance(policy, MeasuresDriving) else {}
    measured = {name: values.tolist() for name, values in {**world.measured(state), **own}.items()}
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
