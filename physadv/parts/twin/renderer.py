"""A renderer that path-traces: the patch is in the scene, not laid over its picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.types import Draws, PatchImage, PatchPlace, SceneBatch
from physadv.library.colour.conversion import srgb_from_linear
from physadv.parts.twin.layout import F64, TwinShot
from physadv.parts.twin.tracing import Effort, Region, outline_mm, trace

_MARGIN_PX = 4  # around what can change


class TwinRenderer:
    """Traces the region of the patch, with the same light paths for every patch of its size.

    Nothing is sampled: the shot says everything. What the patch reflects onto the rest of the picture is left out, so
    pictures of one shot differ only near it. No gradient.
    """

    def __init__(
        self,
        shots: Mapping[str, TwinShot],
        effort: Effort,
        place: PatchPlace,
        ink: Callable[[PatchImage], PatchImage] | None = None,
    ) -> None:
        self._shots, self._effort, self._place, self._ink = shots, effort, place, ink
        self._traced: dict[tuple[str, str], Tensor] = {}

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        """Nothing is left to chance."""
        return Draws({})

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """The scenes with the patch on every wearer, ``(B,3,H,W)`` sRGB, as 8-bit codes.

        Raises :class:`BadInput` for scenes of another source.
        """
        images = scene.srgb.clone()
        if not bool(patch.alpha.any()):
            return images
        worn = self._ink(patch) if self._ink else patch
        name = _digest(worn)
        for row, key in enumerate(scene.keys):
            if key not in self._shots:
                raise BadInput(f"picture {key!r} is not one of the twin's. Give it scenes of scenes=twin.")
            shot = self._shots[key]
            left, top, right, bottom = region = region_of(shot, outline_mm(worn, self._place))
            if (key, name) not in self._traced:
                linear = trace(shot, self._effort, region, worn, self._place)
                self._traced[key, name] = (srgb_from_linear(linear).clamp(0, 1) * 255).round() / 255
            images[row, :, top:bottom, left:right] = self._traced[key, name].to(images)
        return images


def region_of(shot: TwinShot, points_mm: F64) -> Region:
    """The smallest part of the picture that shows all of these points ``(n, 2)`` of the surface, with a margin: left,
    top, right, bottom.
    """
    seen = shot.camera.project(shot.surface.world(points_mm)) + 0.5
    size = np.array(shot.camera.size_px)
    low = np.clip(np.floor(seen.min(0)).astype(int) - _MARGIN_PX, 0, size - 1)
    high = np.clip(np.ceil(seen.max(0)).astype(int) + _MARGIN_PX, low + 1, size)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _digest(patch: PatchImage) -> str:
    parts = (patch.srgb.detach().cpu().numpy().tobytes(), patch.alpha.cpu().numpy().tobytes())
    return hashlib.sha256(b"".join(parts) + str((patch.width_mm, *patch.srgb.shape)).encode()).hexdigest()
