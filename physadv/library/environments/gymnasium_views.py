"""A world's values as Gymnasium says them: spaces, 8-bit pictures, facts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from physadv.core.errors import MissingExtra
from physadv.core.worlds import Observation, World

try:
    from gymnasium import spaces
except ImportError as error:
    raise MissingExtra("worlds as environments need Gymnasium: pip install 'physadv[gym]'") from error

Pixels = NDArray[np.uint8]


def picture_space(world: World) -> spaces.Space[Pixels]:
    """``(H, W, C)`` of 8 bits: the usual order there, and the depth of a camera."""
    channels, height, width = world.observation_shape
    space: spaces.Space[Any] = spaces.Box(0, 255, (height, width, channels), np.uint8)
    return space


def action_space(world: World) -> spaces.Discrete:
    """A number an action, in the world's order."""
    return spaces.Discrete(len(world.actions))


def pixels(observation: Observation) -> Pixels:
    """``(E, H, W, C)``, rounded to 8 bits."""
    rounded = (observation.images.detach() * 255).round().clamp(0, 255).to(torch.uint8)
    found: Pixels = rounded.permute(0, 2, 3, 1).cpu().numpy()
    return found


def metadata(world: World) -> dict[str, Any]:
    """How it can be shown, and how fast it goes."""
    return {"render_modes": ["rgb_array"], "render_fps": max(1, round(1 / world.step_s))}


def fresh_seeds(random: np.random.Generator, count: int) -> Tensor:
    """``(count,)`` seeds of episodes that nobody has asked for."""
    return torch.from_numpy(random.integers(0, 2**31, count))
