"""Homographies, in float64, and the check that a scene's surfaces can be seen at all."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.types import SceneBatch
from physadv.parts.render.options import PlaceConfig


def translation(x: Tensor, y: Tensor) -> Tensor:
    """``(N,3,3)`` matrices that move by ``(x, y)``, each ``(N,)``."""
    moved = torch.eye(3, dtype=x.dtype, device=x.device).repeat(x.shape[0], 1, 1)
    moved[:, 0, 2], moved[:, 1, 2] = x, y
    return moved


def rotation(angle_deg: Tensor) -> Tensor:
    """``(N,3,3)`` matrices that turn counter-clockwise as seen; y points down."""
    angle = angle_deg.deg2rad()
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack((cos, sin, zero, -sin, cos, zero, zero, zero, one), -1).view(-1, 3, 3)


def check_scene(scene: SceneBatch, wearers: Tensor, place: PlaceConfig) -> None:
    """Raise :class:`BadInput` where a worn surface has no image: not finite, without area, or behind the camera.

    ``wearers`` ``(w,)`` are the rows of objects that wear the patch.
    """
    homography = scene.image_from_surface.index_select(0, wearers).double()
    depth = homography[:, 2] @ homography.new_tensor([place.x_mm, place.y_mm, 1.0])
    area = torch.linalg.det(homography) / depth**3  # px² per mm² at the patch's centre
    ahead = depth * homography[:, 2, 2] > 0  # on the same side of the camera as the surface's origin
    sound = homography.isfinite().all(-1).all(-1) & area.isfinite() & (area.abs() > 1e-12) & ahead
    if not bool(sound.all()):
        worst = int(wearers[~sound][0])
        raise BadInput(
            f"object {worst} (in {scene.keys[int(scene.image_of[worst])]!r}) wears a patch, but its image_from_surface "
            f"{scene.image_from_surface[worst].tolist()} shows no area before the camera at eot.place. "
            "Mark it as not worn, or give it the homography of a surface in front of the camera."
        )
