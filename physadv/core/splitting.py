"""How scene sources keep a part of their images for judging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch

from physadv.core.errors import BadOption
from physadv.core.seeding import generator

T = TypeVar("T")


def check_share(share: float) -> None:
    """Raise :class:`BadOption` unless ``share`` lies in [0, 1]."""
    if not 0 <= share <= 1:
        raise BadOption(f"the share kept for judging must be between 0 and 1, got {share:g}. 0.3 is usual.")


def split_run(items: Sequence[T], share: float, seed: int) -> tuple[list[T], list[T]]:
    """The rest, and ``share`` of the items: neighbours in a sweep, which cover its conditions as evenly as all."""
    check_share(share)
    count, kept = len(items), round(share * len(items))
    first = int(torch.randint(max(count, 1), (1,), generator=generator(seed, "scenes/split")))
    turned = [*items[first:], *items[:first]]
    return turned[kept:], turned[:kept]
