"""Which observations of an environment are pictures, and how they become ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physadv.core.errors import IncompatibleParts

COLOURS = (1, 3)  # of a picture: grey or RGB; others are stacks of grey ones
MIN_SIDE_PX = 8  # smaller ones are cells of a board with codes in them, as MiniGrid's are


@dataclass(frozen=True)
class PixelSpace:
    """Pictures of an environment."""

    shape: tuple[int, int, int]  # (C, H, W), as ours
    channels: str  # "last", "first", or "none" for (H, W)
    white: float  # 255 or 1

    @staticmethod
    def of(name: str, env: Any) -> PixelSpace:
        """Raises :class:`IncompatibleParts` where the observations of the environment are not pictures."""
        from gymnasium.spaces import Box

        space = env.observation_space
        if not isinstance(space, Box) or len(space.shape) not in (2, 3):
            raise IncompatibleParts(_no_pixels(name, space))
        white = 255.0 if space.dtype == np.uint8 else 1.0
        if space.low.min() != 0 or space.high.max() != white:
            raise IncompatibleParts(_no_pixels(name, space))
        channels = _place_of_channels(space.shape)
        size = {"none": (1, *space.shape), "last": (space.shape[-1], *space.shape[:-1])}.get(channels, space.shape)
        if min(size[1:]) < MIN_SIDE_PX:
            raise IncompatibleParts(_no_pixels(name, space))
        return PixelSpace((size[0], size[1], size[2]), channels, white)

    def picture(self, shown: Any) -> NDArray[np.uint8]:
        """``(C, H, W)`` of 8 bits."""
        found = np.asarray(shown)
        if self.channels == "none":
            found = found[None]
        elif self.channels == "last":
            found = found.transpose(2, 0, 1)
        if self.white != 255:
            found = np.rint(found * 255)
        return np.ascontiguousarray(found, dtype=np.uint8)


def _place_of_channels(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return "none"
    if shape[-1] in COLOURS:
        return "last"
    return "first" if shape[0] < shape[-1] else "last"


def _no_pixels(name: str, space: Any) -> str:
    return (
        f"world {name!r} shows no pixels: its observations are {' '.join(str(space).split())[:120]}. Set "
        "world.picture=render for what it draws, wrap it (world.wrappers=), or choose an environment with pictures"
    )
