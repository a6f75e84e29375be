"""``mujoco-road``: the episodes of stop-go drawn by MuJoCo, which shares no line with our renderer and has no gradient.

What was optimised in stop-go is tried here: a second renderer is a cheap and honest test of transfer.
"""

from __future__ import annotations

import torch

from physadv.parts.worlds.mujoco_road.painter import MujocoPainter
from physadv.parts.worlds.options import MujocoRoadConfig
from physadv.parts.worlds.stop_go.road import RoadWorld


class MujocoRoad(RoadWorld):
    """The same seeds, cars and measures as stop-go; other pictures, one episode after the other."""

    name = "mujoco-road"

    def __init__(self, config: MujocoRoadConfig, device: torch.device | str = "cpu") -> None:
        """Raises :class:`MissingExtra` where MuJoCo or a library that it draws with is missing."""
        super().__init__(config, MujocoPainter(config, device), device)
        self._options = config

    def to(self, device: torch.device | str) -> MujocoRoad:
        """The same with pictures on another device; they are drawn on the CPU."""
        return MujocoRoad(self._options, device)
