"""A dressed body as one mesh: trunk, head, limbs, shoes, hair and what is carried.

Sections are ovals along the bones. Their sizes are shares of the stature that give the breadths and depths of grown-ups
in everyday clothes (chest about .34 m broad at 1.70 m): assumptions, drawn by eye about the lengths of
:mod:`physadv.library.people.skeleton`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physadv.library.people.head import head
from physadv.library.people.layout import TRUNK, TRUNK_RECT
from physadv.library.people.limbs import arm, carried, leg, skirt
from physadv.library.people.look import Appearance, Build
from physadv.library.people.mesh import F64, Mesh, Skin, Spine, cross, grid_normals, loft, oval_grid
from physadv.library.people.pose import Posture
from physadv.library.people.sections import interpolated, scaled_count, wrinkles
from physadv.library.people.skeleton import HIP, Skeleton, skeleton

# height, half width, depth before and behind, shares of the stature
_TRUNK = np.array([
    (0.866, 0.033, 0.030, 0.036), (0.852, 0.046, 0.034, 0.042), (0.842, 0.072, 0.040, 0.048),
    (0.828, 0.108, 0.048, 0.054), (0.805, 0.120, 0.058, 0.062), (0.740, 0.106, 0.070, 0.064),
    (0.690, 0.096, 0.068, 0.058), (0.630, 0.091, 0.063, 0.052), (0.580, 0.098, 0.065, 0.062),
    (0.530, 0.104, 0.062, 0.076), (0.500, 0.103, 0.058, 0.074), (0.474, 0.098, 0.054, 0.064),
    (0.400, 0.102, 0.060, 0.064),
])  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Figure:
    """A body in its own frame."""

    mesh: Mesh
    trunk: F64  # (rows, columns + 1, 3) m: the shirt from collar to hem, its front in the middle column
    build: Build
    look: Appearance
    pose: Posture
    heights: F64  # heights of the trunk's rows, shares of the stature


def figure(build: Build, look: Appearance, pose: Posture, detail: float = 1.0) -> Figure:
    """Mesh of a body; ``detail`` below 1 spares triangles where it is seen small."""
    bones = skeleton(build, pose)
    rng = np.random.default_rng(look.seed)
    trunk, trunk_mesh, heights = _trunk(bones, build, look, rng, detail)
    meshes = [trunk_mesh, *head(bones, look, detail)]
    for sign, bones_of_arm in zip((-1, 1), bones.arms, strict=True):
        meshes += arm(bones_of_arm, sign, bones, build, look, rng, detail)
    for bones_of_leg, foot in zip(bones.legs, bones.feet, strict=True):
        meshes += leg(bones_of_leg, foot, bones, build, look, rng, detail)
    if look.lower == "skirt":
        meshes.append(skirt(bones, build, look, detail))
    meshes += carried(bones, build, look)
    return Figure(Mesh.joined(meshes), trunk, build, look, pose, heights)


def _trunk(
    bones: Skeleton, build: Build, look: Appearance, rng: np.random.Generator, detail: float
) -> tuple[F64, Mesh, F64]:  # fmt: skip
    tall, rows, columns = bones.stature_m, scaled_count(30, detail), scaled_count(36, detail) // 2 * 2
    bottom = min(0.478, HIP - look.hem / tall)
    top = _TRUNK[0, 0]
    heights = top + (bottom - top) * np.linspace(0, 1, rows) ** 1.15
    wide, before, behind = (interpolated(_TRUNK, heights, k) * tall for k in (1, 2, 3))
    about_waist = np.exp(-(((heights - 0.6) / 0.06) ** 2))
    below_neck = np.clip((0.84 - heights) / 0.04, 0, 1)
    girth = 1 + (build.girth - 1) * np.clip((0.85 - heights) / 0.06, 0.2, 1)
    shoulders = np.clip((heights - 0.68) / 0.1, 0, 1) * below_neck
    wide *= (girth + 0.8 * build.belly * about_waist / tall * 4) * (
        1 + (build.shoulders - 1) * shoulders + (build.hips - 1) * np.clip((0.62 - heights) / 0.08, 0, 1)
    )
    before, behind = before * girth + build.belly * about_waist, behind * girth
    shirt = np.clip((heights - (HIP - look.hem / tall)) * tall / 0.012, 0, 1) * below_neck
    hang = look.loose_m * shirt * (1 + 0.9 * np.clip((0.72 - heights) / 0.15, 0, 1))
    hips = np.array([1.0, 0, 0])
    along = np.clip((heights - HIP) / (0.8 - HIP), 0, 1)[:, None]
    side = (1 - along) * hips + along * bones.side
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    front = cross(np.broadcast_to(bones.up, side.shape), side)
    front *= -np.sign(front[:, 2:])
    middle = bones.pelvis + (heights - HIP)[:, None] * tall * bones.up
    spine = Spine(middle, side, front, wide + hang, before + hang, behind + hang)
    points = oval_grid(spine, columns, 2.35)
    smooth = grid_normals(points, middle)
    folds = 0.7 * wrinkles(rng, rows, columns + 1, (5, 7)) + 0.6 * wrinkles(rng, rows, columns + 1, (10, 12))
    limit = np.clip((0.80 - heights) / 0.08, 0.15, 1) * np.maximum(shirt, 0.25)
    points = points + smooth * (folds * look.folds_m * limit[:, None])[..., None]
    normals = grid_normals(points, middle)
    angle = np.linspace(-np.pi, np.pi, columns + 1)
    beside_arms = 1 - 0.45 * np.abs(np.sin(angle))[None] ** 4 * np.clip((0.8 - heights) / 0.05, 0, 1)[:, None]
    under_chin = 1 - 0.4 * np.clip((heights - 0.82) / 0.04, 0, 1)[:, None]
    hollow = np.clip(1 + 0.10 * folds, 0.7, 1.05)
    mesh = loft(points, normals, Skin(TRUNK, TRUNK_RECT), beside_arms * under_chin * hollow,
                texel_rows=(top - heights) / (top - bottom))  # fmt: skip
    return points, mesh, heights
