"""Head and neck with face, hair and cap."""

from __future__ import annotations

import numpy as np

from physadv.library.people.layout import HAIR_RECT, HAND_RECT, HEAD, HEAD_RECT
from physadv.library.people.look import Appearance
from physadv.library.people.mesh import F64, Mesh, Skin, Spine, grid_normals, loft, oval_grid
from physadv.library.people.sections import interpolated, repeated, scaled_count
from physadv.library.people.skeleton import CHIN, HIP, Skeleton

# share of the way from the top of the head to the chin, half width, front, back
_HEAD = np.array([
    (0.0, 0.002, 0.002, 0.002), (0.03, 0.018, 0.020, 0.024), (0.10, 0.030, 0.033, 0.041), (0.22, 0.040, 0.044, 0.053),
    (0.36, 0.0445, 0.050, 0.057), (0.50, 0.0445, 0.051, 0.056), (0.64, 0.0415, 0.051, 0.049),
    (0.78, 0.036, 0.049, 0.038), (0.90, 0.027, 0.045, 0.022), (0.97, 0.018, 0.040, 0.008), (1.0, 0.006, 0.030, 0.002),
])  # fmt: skip


def head(bones: Skeleton, look: Appearance, detail: float) -> list[Mesh]:
    tall, rows, columns = bones.stature_m, scaled_count(18, detail), scaled_count(22, detail) // 2 * 2
    side, down, into = bones.head
    neck = bones.pelvis + (0.845 - HIP) * tall * bones.up
    base = bones.pelvis + (CHIN + 0.03 - HIP) * tall * bones.up - 0.012 * tall * into
    chin = base + 0.03 * tall * down
    top = chin - (1 - CHIN) * tall * down
    at = np.sort(np.concatenate([np.linspace(0.12, 1, rows - 3), [0, 0.03, 0.07]]))
    wide, before, behind = (interpolated(_HEAD, at, k) * tall for k in (1, 2, 3))
    middle = top + at[:, None] * (1 - CHIN) * tall * down
    angle = np.linspace(-np.pi, np.pi, columns + 1)
    points = oval_grid(Spine(middle, repeated(side, rows), repeated(-into, rows), wide, before, behind), columns, 2.15)
    nose = np.exp(-((angle / 0.2) ** 2))[None] * np.interp(at, [0.46, 0.66, 0.72], [0, 1, 0], 0, 0)[:, None]
    brow = np.exp(-((angle / 0.7) ** 2))[None] * np.interp(at, [0.38, 0.44, 0.5], [0, 1, 0], 0, 0)[:, None]
    points = points - into * ((0.013 * nose + 0.0025 * brow) * tall)[..., None]
    thick = {"short": 0.008, "long": 0.009, "bald": 0.0, "cap": 0.010, "bun": 0.006}[look.hair_style]
    hairy = hair_cover(at, angle, look)
    smooth = grid_normals(points, middle)
    points = points + smooth * (hairy * thick * tall)[..., None]
    sky = np.where(at[:, None] > 0.9, 0.75, 1.0) * np.ones_like(angle)
    meshes = [loft(points, grid_normals(points, middle), Skin(HEAD, HEAD_RECT), sky, texel_rows=at)]
    levels = 5
    share = np.linspace(0, 1, levels)[:, None]
    round_neck = np.full(levels, 0.034 * tall)
    spine = Spine((1 - share) * neck + share * (base + 0.012 * tall * into), repeated(bones.side, levels),
                  repeated(bones.front, levels), round_neck, round_neck, round_neck)  # fmt: skip
    column = oval_grid(spine, scaled_count(12, detail) // 2 * 2)
    meshes.append(loft(column, grid_normals(column, spine.middle), Skin(HEAD, HAND_RECT), 0.62))
    if look.hair_style == "long":
        meshes.append(_long_hair(top, side, down, into, tall))
    if look.hair_style == "bun":
        meshes.append(_ball(top + 0.045 * tall * down + 0.062 * tall * into, 0.022 * tall, HAIR_RECT))
    if look.hair_style == "cap":
        meshes.append(_brim(top + 0.036 * tall * down - 0.05 * tall * into, side, down, into, tall))
    return meshes


def hair_cover(at: F64, angle: F64, look: Appearance) -> F64:
    """``(n, c)`` 1 where hair (or a cap) grows on a head: ``at`` from top to chin, ``angle`` from the face."""
    turned = np.abs(angle)[None]
    line = np.interp(turned, [0, 0.7, 1.0, 1.35, 1.7, np.pi], [0.20, 0.22, 0.36, 0.52, 0.62, 0.80])
    if look.hair_style == "bald":
        line = np.where(turned > 1.5, 0.6, 0.0) * 0
    if look.hair_style == "cap":
        line = np.interp(turned, [0, 1.2, np.pi], [0.30, 0.36, 0.46])
    return np.asarray(np.clip((line - at[:, None]) / 0.05 + 0.5, 0, 1))


def _long_hair(top: F64, side: F64, down: F64, into: F64, tall: float) -> Mesh:
    at = np.linspace(0, 1, 9)
    length = 0.19 * tall
    middle = top + (0.02 * tall + at * length)[:, None] * down + (0.004 + 0.016 * at)[:, None] * tall * into
    wide = np.interp(at, [0, 0.2, 0.6, 0.9, 1], [0.02, 0.050, 0.055, 0.046, 0.02]) * tall
    behind = np.interp(at, [0, 0.2, 0.6, 0.9, 1], [0.03, 0.058, 0.050, 0.040, 0.02]) * tall
    before = np.interp(at, [0, 0.2, 0.6, 1], [0.01, 0.016, 0.010, 0.004]) * tall
    spine = Spine(middle, repeated(side, 9), repeated(-into, 9), wide, before, behind)
    points = oval_grid(spine, 16, 2.2)
    return loft(points, grid_normals(points, middle), Skin(HEAD, HAIR_RECT), 0.95)


def _ball(centre: F64, radius: float, rectangle: tuple[int, int, int, int], part: int = HEAD) -> Mesh:
    at = np.linspace(-1, 1, 7)
    middle = centre + radius * at[:, None] * np.array([0.0, 1, 0])
    wide = radius * np.sqrt(np.maximum(1 - at**2, 0.01))
    spine = Spine(middle, repeated(np.array([1.0, 0, 0]), 7), repeated(np.array([0.0, 0, -1]), 7), wide, wide, wide)
    points = oval_grid(spine, 10)
    return loft(points, grid_normals(points, middle), Skin(part, rectangle))


def _brim(at: F64, side: F64, down: F64, into: F64, tall: float) -> Mesh:
    share = np.linspace(0, 1, 5)
    middle = at - (share * 0.05 * tall)[:, None] * into + (share**2 * 0.012 * tall)[:, None] * down
    wide = np.interp(share, [0, 0.6, 1], [0.042, 0.036, 0.008]) * tall
    thin = np.full(5, 0.003 * tall)
    spine = Spine(middle, repeated(side, 5), repeated(-down, 5), wide, thin, thin)
    points = oval_grid(spine, 10)
    return loft(points, grid_normals(points, middle), Skin(HEAD, HAIR_RECT), 0.8)
