"""Whether a world keeps its promise that the same seed is the same episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.core.worlds import World


class Told(NamedTuple):
    """All that an episode showed, step by step."""

    images: tuple[Tensor, ...]  # (E, C, H, W) before each step
    rewards: tuple[Tensor, ...]  # (E,)
    ended: tuple[Tensor, ...]  # (E,) bool
    state: Any  # at the end


def told(world: World, seeds: Tensor, actions: Sequence[int], prints: Mapping[str, PatchImage] | None = None) -> Told:
    """The episodes of ``seeds`` ``(E,)`` as they go with these actions, the same for all."""
    state = world.reset(seeds)
    images, rewards, ended = [], [], []
    for action in actions:
        images.append(world.observe(state, prints or {}).images)
        moved = world.step(state, torch.full_like(seeds, action))
        state = moved.state
        rewards.append(moved.reward)
        ended.append(moved.ended)
    return Told(tuple(images), tuple(rewards), tuple(ended), state)


def first_difference(one: Told, other: Told) -> str:
    """Where two tellings of the same episodes part: ``the picture at step 3``; ``""`` where they never do."""
    for step, (here, there) in enumerate(zip(one.images, other.images, strict=True)):
        if not torch.equal(here, there):
            return f"the picture at step {step}"
        if not torch.equal(one.rewards[step], other.rewards[step]):
            return f"the reward of step {step}"
        if not torch.equal(one.ended[step], other.ended[step]):
            return f"whether it has ended at step {step}"
    return ""


def changes(world: World, seeds: Tensor, steps: int = 3) -> str:
    """Where a world parts from itself when the same ``seeds`` ``(E,)`` are begun anew; ``""`` where it does not."""
    actions = [step % len(world.actions) for step in range(steps)]
    return first_difference(told(world, seeds, actions), told(world, seeds, actions))
