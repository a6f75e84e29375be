"""Fewer bits a colour: Xu, Evans and Qi, "Feature Squeezing", NDSS 2018."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


def reduced_bits(bits: int) -> Callable[[Tensor], Tensor]:
    """The filter that rounds every channel to the nearest of ``2^bits`` evenly spaced levels, 0 and 1 among them.

    The gradient is the identity (straight-through): a staircase is flat almost everywhere, but on the whole it follows
    its input.
    """
    steps = 2**bits - 1

    def squeezed(images: Tensor) -> Tensor:
        levels: Tensor = (images.detach() * steps).round() / steps
        return levels + (images - images.detach())

    return squeezed
