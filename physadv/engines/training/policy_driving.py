"""Driving while it is written down what would have been right: episodes of a world, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from physadv.core.errors import IncompatibleParts
from physadv.core.types import PatchImage
from physadv.core.worlds import Advises, World


class Teacher(World, Advises, Protocol):
    """A world that knows what would be right."""


Disturb = Callable[[Tensor, Tensor], Tensor]
"""Pictures ``(E,C,H,W)`` and the right actions ``(E,)`` → the pictures that the network is shown."""


@dataclass
class Notes:
    """Pictures in 8 bits, with what would have been right."""

    images: list[Tensor] = field(default_factory=list)  # (n, C, H, W) uint8
    actions: list[Tensor] = field(default_factory=list)  # (n,) int64

    def __len__(self) -> int:
        return sum(map(len, self.actions))

    def take(self, images: Tensor, actions: Tensor) -> None:
        """Write down some."""
        self.images.append((images * 255).round().to(torch.uint8))
        self.actions.append(actions)

    def joined(self) -> tuple[Tensor, Tensor]:
        """All of them; kept as one from now on."""
        self.images, self.actions = [torch.cat(self.images)], [torch.cat(self.actions)]
        return self.images[0], self.actions[0]


def teacher(world: World) -> Teacher:
    """The world, if it can teach. Raises :class:`IncompatibleParts` for one that cannot."""
    if not isinstance(world, Advises):
        raise IncompatibleParts(
            f"world {world.name!r} cannot say what would be right, so nothing can be imitated in it. "
            "Choose world=stop-go, or train with a library of reinforcement learning and bring its policy"
        )
    if world.observation_shape[0] != 3:
        raise IncompatibleParts(f"world {world.name!r} shows no RGB pictures, which drive-nano looks at")
    return world


@torch.no_grad()
def drive(
    world: Teacher, net: nn.Module | None, seeds: Tensor, prints: Mapping[str, PatchImage],
    notes: Notes | None = None, kept: float = 1.0, random: torch.Generator | None = None,
    disturb: Disturb | None = None,
) -> dict[str, Tensor]:  # fmt: skip
    """Drive the episodes of the seeds; the world's measures. Without a ``net`` the teacher drives itself.

    Pictures are in 8 bits, as a camera's. A share ``kept`` of them is written down.
    """
    state, ended = world.reset(seeds), torch.zeros(len(seeds), dtype=torch.bool)
    for _ in range(world.max_steps):
        images = in_codes(world.observe(state, prints).images)
        right = world.advised(state)
        if notes is not None:
            wanted = ~ended & (torch.rand(len(seeds), generator=random) < kept)
            notes.take(images[wanted], right[wanted])
        if net is not None and disturb is not None:
            with torch.enable_grad():
                images = in_codes(disturb(images, right))
        actions = right if net is None else net(images).argmax(1)
        moved = world.step(state, actions)
        state, ended = moved.state, moved.ended
        if bool(ended.all()):
            break
    return world.measured(state)


def in_codes(images: Tensor) -> Tensor:
    """In 8-bit codes, still from 0 to 1."""
    return (images * 255).round().clamp(0, 255) / 255
