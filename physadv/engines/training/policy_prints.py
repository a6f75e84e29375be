"""Prints that hang in the world while a policy learns: plain and random ones, and stickers made against the network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.types import PatchImage
from physadv.core.worlds import TextureSlot
from physadv.engines.training.policy_driving import Teacher

_TEXELS = 16  # of a sticker's longer side
_MOMENTS = 8  # of all episodes, looked at in turn
BRAKE = "brake"


def control_print(slot: TextureSlot, random: torch.Generator, grey: bool) -> PatchImage:
    """Grey, or coarse random colours, over a third of the slot's width or all of it."""
    rows, columns = _grid(slot)
    width_mm = _widest_mm(slot) * (1 / 3 + 2 / 3 * float(torch.rand((), generator=random)))
    if grey:
        colour = 0.5 + 0.2 * (torch.rand((), generator=random) - 0.5)
        srgb = colour.expand(3, rows, columns).clone()
    else:
        srgb = torch.rand(3, rows, columns, generator=random)
    return PatchImage(srgb, torch.ones(1, rows, columns), width_mm)


def sticker_against(
    net: nn.Module, world: Teacher, slot: TextureSlot, seeds: Tensor, steps: int, random: torch.Generator,
    share: float = 1.0,
) -> PatchImage:  # fmt: skip
    """A print over a ``share`` of the slot's width that makes the network do anything but the right thing.

    Adam on free colours through the world's own drawing, over moments that the teacher brings about. In a world where
    one can brake those count in which it is right, else all do.
    """
    rows, columns = _grid(slot)
    width_mm = share * _widest_mm(slot)
    colours = torch.randn(3, rows, columns, generator=random).requires_grad_()
    adam = torch.optim.Adam([colours], lr=0.15)
    moments = _moments(world, seeds)
    for index in range(steps):
        state, right, chosen = moments[index % len(moments)]
        print_ = PatchImage(colours.sigmoid(), torch.ones(1, rows, columns), width_mm)
        logits: Tensor = net(world.observe(state, {slot.name: print_}).images)
        loss = -functional.cross_entropy(logits[chosen], right[chosen])
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return PatchImage(colours.detach().sigmoid(), torch.ones(1, rows, columns), width_mm)


@torch.no_grad()
def _moments(world: Teacher, seeds: Tensor) -> list[tuple[Any, Tensor, Tensor]]:
    """States of the teacher's drive, what is right in them, and which episodes count: where the most have to brake."""
    brake = world.actions.index(BRAKE) if BRAKE in world.actions else None
    found: list[tuple[Any, Tensor, Tensor]] = []
    state, going = world.reset(seeds), torch.ones(len(seeds), dtype=torch.bool)
    for _ in range(world.max_steps):
        right = world.advised(state)
        counts = going & (right == brake) if brake is not None else going
        if bool(counts.any()):
            found.append((state, right, counts))
        moved = world.step(state, right)
        state, going = moved.state, ~moved.ended
        if not bool(going.any()):
            break
    return sorted(found, key=lambda moment: -int(moment[2].sum()))[:_MOMENTS]


def _grid(slot: TextureSlot) -> tuple[int, int]:
    longer = max(slot.width_mm, slot.height_mm)
    return max(1, round(_TEXELS * slot.height_mm / longer)), max(1, round(_TEXELS * slot.width_mm / longer))


def _widest_mm(slot: TextureSlot) -> float:
    """Of a print with that grid, which fits in both directions."""
    rows, columns = _grid(slot)
    return min(slot.width_mm, slot.height_mm * columns / rows)
