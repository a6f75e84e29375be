"""``stop-go``: a car on a drawn road must stop at STOP and for people, and pass every other sign, red ones too.

Many episodes at once, in torch: no window, no GL, and gradient from a picture to the prints in it.
"""

from __future__ import annotations

import torch

from physadv.parts.worlds.options import StopGoConfig
from physadv.parts.worlds.stop_go.atlas import atlas_of, finest_for
from physadv.parts.worlds.stop_go.camera import Camera
from physadv.parts.worlds.stop_go.drawing import Artist
from physadv.parts.worlds.stop_go.episodes import SIGN_BEHIND_LINE_M
from physadv.parts.worlds.stop_go.faces import SCALE_OF_FACE, all_faces
from physadv.parts.worlds.stop_go.road import RoadWorld


class StopGo(RoadWorld):
    """The road as our own renderer draws it."""

    name = "stop-go"

    def __init__(self, config: StopGoConfig, device: torch.device | str = "cpu") -> None:
        camera = Camera.of(config.height_px, config.width_px, config.field_of_view_deg)
        atlas = atlas_of(all_faces(), SCALE_OF_FACE, finest_for(camera.focal_px, SIGN_BEHIND_LINE_M - 2))
        super().__init__(config, Artist(camera, atlas.to(device), dashboard=config.dashboard), device)

    def to(self, device: torch.device | str) -> StopGo:
        """The same on another device."""
        return StopGo(self._config, device)
