"""Maps over the patch of what varies from place to place: key light and its shadow, highlight, vignetting, an arm.

All are coarse grids over the sheet, ``(N,s,s)``, read bilinearly at every pixel: light varies slowly, so a grid costs
next to nothing, but an edge narrower than a cell comes out as wide as that cell. None carries a gradient. The frame is
the surface's: x right, y down, z into it, so that the viewer is at z < 0 and a frontal normal is (0, 0, -1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from physadv.parts.render.options import LightConfig

GRAZING = 0.15
"""Least cosine between the plain surface and its key light (81°): a lamp behind it is brought round to there."""

REACH = (0.6, 1.8)  # of an arm into the patch from its rim, where 1 is its middle


@torch.no_grad()
def shade(
    config: LightConfig, drawn: Mapping[str, Tensor], points_mm: Tensor, normals: Tensor, facing: Tensor,
    camera_mm: Tensor, sheet_mm: Tensor, shadow: Tensor,
) -> Tensor:  # fmt: skip
    """Irradiance against that of the plain surface, and the highlight's reflectance to add: ``(N,2,s,s)``.

    ``points_mm`` and unit ``normals`` ``(N,s,s,3)``: where the sheet's grid ``sheet_mm`` ``(s,s,2)`` lies; ``facing``
    ``(N,3)``: unit normal of the plain surface; ``camera_mm`` ``(N,3)``; ``shadow`` ``(N,2)``: unit draws. ``config``
    only says what is off.

    Irradiance is ``1 + k · max(0, n·l) · shadow`` (Lambert under an even sky) divided by its value on the plain surface
    in full light, for that is what the scene's own light was measured on: a flat patch in the sun gets exactly 1.
    """
    batch, rows, columns = points_mm.shape[:3]
    key = key_light(drawn, facing, camera_mm)[:, None, None]
    reached = _reached(drawn, sheet_mm, shadow) if config.shadow[1] > 0 else None
    toward = _dot(normals, key).clamp_min(0)
    maps = points_mm.new_zeros(batch, 2, rows, columns)
    ratio = _spread(drawn["key_to_ambient"])
    direct = toward if reached is None else toward * reached
    maps[:, 0] = (1 + ratio * direct) / (1 + ratio * _dot(facing[:, None, None], key))
    if config.gloss[1] > 0:
        highlight = _highlight(drawn, points_mm, normals, camera_mm, key) * (toward > 0)
        maps[:, 1] = highlight if reached is None else highlight * reached
    return maps


@torch.no_grad()
def key_light(drawn: Mapping[str, Tensor], facing: Tensor, camera_mm: Tensor) -> Tensor:
    """Unit direction ``(N,3)`` towards the key light, which never stands behind the plain surface.

    Azimuth counts from the camera's own bearing, positive from its right as the camera sees the patch; height from the
    horizon. A key behind ``facing``, or grazing it, would light a curved patch many times more than the plain one that
    the scene was measured on: it is turned towards ``facing`` until their cosine is :data:`GRAZING`.
    """
    azimuth = torch.deg2rad(drawn["key_azimuth_deg"]) + torch.atan2(camera_mm[:, 0], -camera_mm[:, 2])
    height = torch.deg2rad(drawn["key_height_deg"])
    level = height.cos()
    key = torch.stack((azimuth.sin() * level, -height.sin(), -azimuth.cos() * level), -1)
    along = _dot(key, facing)[:, None]
    aside = _unit(key - along * facing) * math.sqrt(1 - GRAZING**2)
    return torch.where(along < GRAZING, GRAZING * facing + aside, key)


def _reached(drawn: Mapping[str, Tensor], sheet_mm: Tensor, shadow: Tensor) -> Tensor:
    """Share of the key that arrives ``(N,s,s)``: one straight shadow whose edge is smooth over ``shadow_edge_mm``.

    The draws are the edge's bearing, and where it lies between the sheet's two extremes along that bearing.
    """
    angle = 2 * math.pi * shadow[:, 0]
    across = _spread(angle.cos()) * sheet_mm[..., 0] + _spread(angle.sin()) * sheet_mm[..., 1]
    low, high = across.flatten(1).amin(1), across.flatten(1).amax(1)
    edge = _spread(torch.lerp(low, high, shadow[:, 1]))
    return 1 - _spread(drawn["shadow"]) * _smooth((across - edge) / _spread(drawn["shadow_edge_mm"]))


def _highlight(
    drawn: Mapping[str, Tensor], points_mm: Tensor, normals: Tensor, camera_mm: Tensor, key: Tensor
) -> Tensor:  # fmt: skip
    """Gaussian in the angle between normal and half vector (Blinn 1977), half its peak at ``gloss_width_deg``."""
    half = _unit(_unit(camera_mm[:, None, None] - points_mm) + key)
    angle_deg = torch.rad2deg(_dot(normals, half).clamp(-1, 1).acos())
    return _spread(drawn["gloss"]) * torch.exp2(-((angle_deg / _spread(drawn["gloss_width_deg"])) ** 2))


@torch.no_grad()
def vignette(vignetting: Tensor, pixels: Tensor, sizes_px: Tensor) -> Tensor:
    """Share of the light that gets to ``pixels`` ``(N,s,s,2)`` of images ``sizes_px`` ``(N,2)``, as ``(N,s,s)``.

    ``1 - v · (r / r_corner)²``, the first term of the natural ``cos⁴ θ = (1 + (r/f)²)⁻²``, where
    ``v ≈ 2 (r_corner/f)²``; a real lens adds its barrel's shade, so ``vignetting`` ``(N,)`` is what the corner loses.
    """
    extent = sizes_px.flip(-1).to(pixels.dtype)[:, None, None]
    offset = pixels - (extent - 1) / 2
    share = offset.square().sum(-1) / (extent / 2).square().sum(-1)
    return 1 - _spread(vignetting) * share.clamp_max(1)


@torch.no_grad()
def arms(share: Tensor, where: Tensor, s: int, aspect: float) -> Tensor:
    """The part of the sheet that an arm in front leaves visible, ``(N,s,s)`` in [0, 1]; it hides ``share`` ``(N,)`` of
    it.

    The arm is all that lies within some radius of a line which comes in over the rim and ends with a round hand.
    ``where`` ``(N,3)`` unit draws: from which side, how far off the centre, how far in. The radius follows from the
    share: it is that quantile of the distances, so every arm hides its share, a far-reaching one by being thinner.
    ``aspect`` is the sheet's width over its height.
    """
    width, height = min(1.0, aspect), min(1.0, 1 / aspect)
    cell = (torch.arange(s, dtype=share.dtype, device=share.device) + 0.5) / s - 0.5
    distance = _from_arm(cell * width, cell[:, None] * height, where, math.hypot(width, height) / 2)
    order = distance.flatten(1).sort(1).values
    place = (share * s * s - 0.5).clamp(0, s * s - 1)
    below = place.long().clamp_max(s * s - 2)
    near, far = order.gather(1, torch.stack((below, below + 1), 1)).unbind(1)
    radius = _spread(torch.lerp(near, far, place - below))
    # soft over one cell, half of it on either side, so that the mean stays
    visible = ((distance - radius) * s + 0.5).clamp(0, 1)
    return torch.where(_spread(share) > 0, visible, 1.0)


def _from_arm(x: Tensor, y: Tensor, where: Tensor, reach: float) -> Tensor:
    """Distance ``(N,s,s)`` from the arm's bone: from far outside, towards a point beside the centre, to the hand.

    ``reach`` is half the sheet's diagonal, in the unit of ``x`` ``(s)`` and ``y`` ``(s,1)``.
    """
    angle = 2 * math.pi * where[:, 0]
    cos, sin = _spread(angle.cos()), _spread(angle.sin())
    aside = -x * sin + y * cos - _spread(where[:, 1] - 0.5) * reach
    hand = _spread(REACH[0] - 1 + (REACH[1] - REACH[0]) * where[:, 2]) * reach
    beyond = (x * cos + y * sin - hand).clamp_min(0)
    return torch.hypot(aside, beyond)


def _smooth(x: Tensor) -> Tensor:
    """From 0 at ``x = -1/2`` to 1 at ``1/2``, level at both ends: nearly a round lamp's penumbra."""
    t = (x + 0.5).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _spread(value: Tensor) -> Tensor:
    """``(N,)`` as ``(N,1,1)``."""
    return value[:, None, None]


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Over the last axis of 3; term by term, so that equal vectors give equal bits whatever the shape around them."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def _unit(vector: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vector, dim=-1)
