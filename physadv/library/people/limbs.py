"""Arms and legs with sleeves, trousers, hands and shoes; a skirt; what is carried."""

from __future__ import annotations

import numpy as np

from physadv.library.people.layout import (
    ARM,
    ARM_RECT,
    BAG_RECT,
    HAND_RECT,
    LEG,
    LEG_RECT,
    OTHER,
    SHOE_RECT,
    SKIRT_RECT,
)
from physadv.library.people.look import Appearance, Build
from physadv.library.people.mesh import F64, Mesh, Skin, Spine, cross, grid_normals, loft, oval_grid
from physadv.library.people.sections import interpolated, repeated, scaled_count, wrinkles
from physadv.library.people.skeleton import ANKLE, FOOT, HAND, HIP, LimbBones, Skeleton

_ARM = np.array([(0.0, 0.006), (0.03, 0.020), (0.10, 0.030), (0.3, 0.0295), (0.52, 0.0235), (0.62, 0.0245),
                 (0.8, 0.020), (1.0, 0.0155)])  # fmt: skip
_LEG = np.array([(0.0, 0.050), (0.1, 0.052), (0.3, 0.044), (0.48, 0.034), (0.56, 0.032), (0.68, 0.034), (0.85, 0.025),
                 (1.0, 0.021)])  # fmt: skip


def _limb(
    chain: LimbBones,
    at: F64,
    radius: F64,
    columns: int,
    skin: Skin,
    rng: np.random.Generator,
    folds: F64,
    sky: F64 | float,
) -> Mesh:
    points, tangents = chain.spine(at)
    side = repeated(chain.axis, len(at)) - (tangents @ chain.axis)[:, None] * tangents
    side = side / np.linalg.norm(side, axis=1, keepdims=True)
    front = cross(side, tangents)
    grid = oval_grid(Spine(points, side, front, radius, radius, radius), columns)
    smooth = grid_normals(grid, points)
    grid = grid + smooth * (wrinkles(rng, len(at), columns + 1, (9, 4)) * folds[:, None])[..., None]
    return loft(grid, grid_normals(grid, points), skin, sky, texel_rows=at)


def arm(
    chain: LimbBones,
    sign: int,
    bones: Skeleton,
    build: Build,
    look: Appearance,
    rng: np.random.Generator,
    detail: float,
) -> list[Mesh]:
    tall, rows, columns = bones.stature_m, scaled_count(20, detail), scaled_count(14, detail) // 2 * 2
    at = np.sort(np.concatenate([np.linspace(0.07, 1, rows - 2), [0, 0.02]]))
    covered = np.clip((look.sleeve - at) / 0.02, 0, 1)
    radius = interpolated(_ARM, at, 1) * tall * (1 + 0.8 * (build.girth - 1)) + look.loose_m * 0.8 * covered
    folds = look.folds_m * 0.7 * covered * np.clip(at / 0.15, 0, 1)
    meshes = [_limb(chain, at, radius, columns, Skin(ARM, ARM_RECT), rng, folds, 0.86)]
    along = (chain.end - chain.middle) / np.linalg.norm(chain.end - chain.middle)
    share = np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 1.0])
    wide = np.array([0.013, 0.017, 0.024, 0.025, 0.021, 0.016, 0.004]) * tall
    thin = np.array([0.012, 0.012, 0.013, 0.013, 0.011, 0.009, 0.003]) * tall
    curl = 0.25 * share**2 * HAND * tall
    front = cross(chain.axis, along)
    middle = chain.end + (share * 0.85 * HAND * tall)[:, None] * along - curl[:, None] * (-front) * 0.5
    spine = Spine(middle, repeated(front, 7), repeated(chain.axis * sign, 7), wide, thin, thin)
    points = oval_grid(spine, 8)
    meshes.append(loft(points, grid_normals(points, middle), Skin(ARM, HAND_RECT), 0.9))
    return meshes


def leg(
    chain: LimbBones,
    foot: F64,
    bones: Skeleton,
    build: Build,
    look: Appearance,
    rng: np.random.Generator,
    detail: float,
) -> list[Mesh]:
    tall, rows, columns = bones.stature_m, scaled_count(22, detail), scaled_count(16, detail) // 2 * 2
    at = np.linspace(-0.04, 1.02, rows)
    end = {"trousers": 1.1, "shorts": 0.46, "skirt": 0.0}[look.lower]
    covered = np.clip((end - at) / 0.02, 0, 1)
    straight = np.interp(at, [0, 0.5, 0.85, 1], [0.0, 0.006, 0.012, 0.014]) * tall
    if look.lower == "shorts":
        straight = np.interp(at, [0, 0.46, 1], [0.0, 0.010, 0.0]) * tall
    radius = interpolated(_LEG, at, 1) * tall * (1 + 0.8 * (build.girth - 1)) + covered * (straight * 0.8 + 0.003)
    folds = 0.005 * covered * np.clip((at - 0.1) / 0.3, 0, 1)
    sky = np.interp(at, [0, 0.25, 1], [0.7, 0.85, 0.9])[:, None]
    meshes = [_limb(chain, at, radius, columns, Skin(LEG, LEG_RECT), rng, folds, sky)]
    share = np.array([-0.30, -0.26, -0.1, 0.1, 0.35, 0.55, 0.68, 0.72])
    up = cross(foot, cross(np.array([0.0, -1, 0]), foot))
    up /= np.linalg.norm(up)
    high = np.array([0.010, 0.030, 0.048, 0.046, 0.030, 0.022, 0.016, 0.006]) * tall
    wide = np.array([0.010, 0.018, 0.021, 0.021, 0.026, 0.026, 0.018, 0.005]) * tall
    sole = chain.end - ANKLE * tall * up
    middle = sole + (share * FOOT * tall)[:, None] * foot + (high / 2)[:, None] * up
    side = cross(foot, up)
    spine = Spine(middle, repeated(side, 8), repeated(up, 8), wide, high / 2, high / 2)
    points = oval_grid(spine, 10, 2.8)
    meshes.append(loft(points, grid_normals(points, middle), Skin(LEG, SHOE_RECT), 0.7))
    return meshes


def skirt(bones: Skeleton, build: Build, look: Appearance, detail: float) -> Mesh:
    tall, rows, columns = bones.stature_m, scaled_count(12, detail), scaled_count(28, detail) // 2 * 2
    at = np.linspace(0, 1, rows)
    knees = np.mean([leg.middle for leg in bones.legs], 0)
    apart = np.abs(bones.legs[0].middle - bones.legs[1].middle)
    hips = bones.pelvis + 0.06 * tall * bones.up
    middle = (1 - at)[:, None] * hips + at[:, None] * (knees + np.array([0, 0.03 * tall, 0]))
    wide = np.interp(at, [0, 0.3, 1], [0.098, 0.110, 0.070]) * tall * build.girth + at * apart[0] / 2
    deep = np.interp(at, [0, 0.3, 1], [0.068, 0.078, 0.066]) * tall * build.girth + at * apart[2] / 2
    side, front = np.array([1.0, 0, 0]), np.array([0.0, 0, -1])
    points = oval_grid(Spine(middle, repeated(side, rows), repeated(front, rows), wide, deep, deep * 1.1), columns, 2.2)
    smooth = grid_normals(points, middle)
    pleats = np.sin(np.linspace(-np.pi, np.pi, columns + 1) * 7 + look.seed % 7) * 0.006 * at[:, None]
    points = points + smooth * pleats[..., None]
    return loft(points, grid_normals(points, middle), Skin(LEG, SKIRT_RECT), 0.9)


def carried(bones: Skeleton, build: Build, look: Appearance) -> list[Mesh]:
    tall = bones.stature_m
    if look.bag == "backpack":
        at = np.linspace(0, 1, 8)
        middle = (bones.pelvis + ((0.80 - HIP) * tall - at * 0.46)[:, None] * bones.up
                  - (0.058 * tall * build.girth + 0.09) * bones.front)  # fmt: skip
        full = np.array([0.3, 0.75, 0.95, 1, 1, 1, 0.95, 0.5])
        spine = Spine(middle, repeated(bones.side, 8), repeated(bones.front, 8), 0.15 * full, 0.09 * full, 0.09 * full)
        points = oval_grid(spine, 16, 3.0)
        return [loft(points, grid_normals(points, middle), Skin(OTHER, BAG_RECT), 0.9)]
    if look.bag == "tote":
        arm = bones.arms[look.seed % 2]
        at = np.linspace(0, 1, 6)
        hand = arm.end + 0.05 * tall * np.array([0.0, 1, 0])
        middle = hand + (0.10 + at * 0.32)[:, None] * np.array([0.0, 1, 0])
        full = np.array([0.6, 0.9, 1, 1, 1, 0.8])
        spine = Spine(middle, repeated(np.array([0.0, 0, -1.0]), 6), repeated(np.array([1.0, 0, 0]), 6), 0.17 * full,
                      0.045 * full, 0.045 * full)  # fmt: skip
        points = oval_grid(spine, 12, 3.0)
        return [loft(points, grid_normals(points, middle), Skin(OTHER, BAG_RECT), 0.9)]
    return []
