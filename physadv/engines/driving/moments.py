"""Moments of episodes as the policy brings them about, for attacks that are to work at all times.

Collected on-policy: who hangs up a sticker changes which moments there are, so they are collected again under it
(as in DAgger, Ross et al. 2011, arXiv:1011.0686).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.seeding import generator
from physadv.core.worlds import KeepsStates
from physadv.engines.driving.rollout import Acted, Drive, Meddler, roll


@dataclass(frozen=True)
class Moments:
    """Pictures without an attack, and the states they are of where the world keeps those."""

    images: Tensor  # (M, C, H, W) as the world shows them without prints
    state: Any | None  # (M) of the world

    def __len__(self) -> int:
        return len(self.images)


def collected(drive: Drive, meddler: Meddler, seeds: Sequence[int], wanted: int, seed: int) -> Moments:
    """At most ``wanted`` moments of the episodes of the seeds, chosen at random among all before their ends.

    Raises :class:`BadInput` where every episode ended at once.
    """
    keeps = isinstance(drive.world, KeepsStates)
    gathered: list[tuple[Tensor, Any]] = []
    share = min(1.0, 4.0 * wanted / max(1, len(seeds) * drive.world.max_steps))
    random = generator(seed, "moments")

    def follow(acted: Acted) -> None:
        lucky = torch.rand(len(seeds), generator=random) < share
        rows = (acted.moment.running.cpu() & lucky).nonzero().flatten()
        if not len(rows):
            return
        state = drive.world.pick(acted.moment.state, rows) if isinstance(drive.world, KeepsStates) else None
        gathered.append((acted.moment.observation.images[rows.to(acted.images.device)], state))

    roll(drive, meddler, seeds, follow)
    if not gathered:
        raise BadInput(f"no episode of world {drive.world.name!r} lasted long enough to look at a moment of it")
    count = sum(len(images) for images, _ in gathered)
    chosen = torch.randperm(count, generator=random)[:wanted].sort().values
    state = None
    if isinstance(drive.world, KeepsStates) and keeps:
        state = drive.world.pick(drive.world.joined([one for _, one in gathered]), chosen)
    images = torch.cat([images for images, _ in gathered])
    return Moments(images[chosen.to(images.device)], state)


def together(drive: Drive, first: Moments, second: Moments) -> Moments:
    """Both."""
    state = None
    if isinstance(drive.world, KeepsStates) and first.state is not None and second.state is not None:
        state = drive.world.joined([first.state, second.state])
    return Moments(torch.cat([first.images, second.images]), state)
