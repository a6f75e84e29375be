"""Where the patch's texels land in the image: one homography per wearer, in float64.

Texels are counted from the raster's top left corner, edges at integers: the raster spans ``(0, 0)`` to ``(w, h)``.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from physadv.errors import BadInput
from physadv.render.entries import PlaceConfig
from physadv.types import PatchImage, SceneBatch

NEAREST = 0.05
"""A corner nearer to the camera plane than this share of the centre's depth counts as behind the camera."""


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


def tilt(yaw_deg: Tensor, pitch_deg: Tensor, viewing_distance_mm: float) -> Tensor:
    """``(N,3,3)`` homographies of a plane that turns about its origin before an eye at ``viewing_distance_mm``.

    Positive yaw turns the right edge away, positive pitch the top edge; the origin keeps its place and size.
    """
    yaw, pitch = yaw_deg.deg2rad(), pitch_deg.deg2rad()
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)
    # Ry(yaw) @ Rx(pitch) takes (x, y, 0) to these three rows, z pointing away
    across = (yaw.cos(), yaw.sin() * pitch.sin(), zero)
    down = (zero, pitch.cos(), zero)
    depth = (yaw.sin() / viewing_distance_mm, -yaw.cos() * pitch.sin() / viewing_distance_mm, one)
    return torch.stack((*across, *down, *depth), -1).view(-1, 3, 3)


def surface_from_texel(
    place: PlaceConfig, jitter: Mapping[str, Tensor], viewing_distance_mm: float, patch: PatchImage
) -> Tensor:
    """``(N,3,3)`` from texels to millimetres on the object: the print, then its jitter, then its place."""
    draw = {name: value.double() for name, value in jitter.items()}
    count, shift = draw["scale"].shape[0], draw["shift_mm"]
    here = torch.ones_like(draw["scale"])
    placed = translation(place.x_mm + shift[:, 0], place.y_mm + shift[:, 1])
    turned = rotation(place.roll_deg + draw["roll_deg"])
    tilted = tilt(draw["yaw_deg"], draw["pitch_deg"], viewing_distance_mm)
    height, width = patch.srgb.shape[1:]
    mm = draw["scale"] * (patch.width_mm / width)
    sized = torch.diag_embed(torch.stack((mm, mm, here), -1))
    centred = translation(-here * (width / 2), -here * (height / 2))
    return (placed @ tilted @ turned @ sized @ centred).view(count, 3, 3)


def check_scene(scene: SceneBatch, wearers: Tensor, place: PlaceConfig) -> None:
    """Raise :class:`BadInput` where a worn surface has no image: not finite, without area, or in the camera plane."""
    homography = scene.image_from_surface.index_select(0, wearers).double()
    depth = homography[:, 2] @ homography.new_tensor([place.x_mm, place.y_mm, 1.0])
    area = torch.linalg.det(homography) / depth**3  # px² per mm² at the patch's centre
    sound = homography.isfinite().all(-1).all(-1) & area.isfinite() & (area.abs() > 1e-12)
    if not bool(sound.all()):
        worst = int(wearers[~sound][0])
        raise BadInput(
            f"object {worst} (in {scene.keys[int(scene.image_of[worst])]!r}) wears a patch, but its image_from_surface "
            f"{scene.image_from_surface[worst].tolist()} shows no area where the patch is. "
            "Mark it as not worn, or give it the homography of a surface in front of the camera."
        )


def facing(image_from_texel: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Scale homographies so that depth is positive at the centre, and find where the raster's corners land.

    Returns them ``(N,3,3)``, and corners ``(N,4,2)`` in px, TL, TR, BR, BL: NaN where there is nothing to draw, because
    a corner is behind the camera or the patch is narrower than a pixel.
    """
    rim = image_from_texel.new_tensor([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]])
    depth = image_from_texel[:, 2] @ rim.mean(0)
    scaled = image_from_texel / torch.where(depth == 0, 1.0, depth)[:, None, None]
    points = rim @ scaled.mT
    corners = points[..., :2] / points[..., 2:]
    first, second = (corners[:, b] - corners[:, a] for a, b in ((0, 2), (1, 3)))
    area = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).abs() / 2
    longest = torch.linalg.vector_norm(corners - corners.roll(-1, 1), dim=-1).amax(-1)
    seen = scaled.isfinite().all(-1).all(-1) & (points[..., 2].amin(-1) > NEAREST) & (area > longest)
    unit = torch.eye(3, dtype=scaled.dtype, device=scaled.device)
    return torch.where(seen[:, None, None], scaled, unit), torch.where(seen[:, None, None], corners, torch.nan)
