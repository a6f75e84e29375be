"""Surfaces of a body: tubes lofted from oval sections, as triangles with texture coordinates.

Metres. Frame of a body: x right as seen by who faces it, y down, z into it, so that it looks along -z; the origin is on
the ground between the feet. A tube's columns go round it from the back over -x, the front and +x to the back again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """Triangles of one part of a body, or of several."""

    points: F64  # (V, 3) m
    normals: F64  # (V, 3) unit vectors, outwards
    texels: F64  # (V, 2) x, y in the atlas
    open_sky: F64  # (V,) share of the surrounding light that reaches it, 0 to 1
    faces: I64  # (F, 3)
    part: I32  # (F,) which part of the body

    @staticmethod
    def joined(meshes: Sequence[Mesh]) -> Mesh:
        """All of them as one."""
        starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
        return Mesh(
            np.concatenate([mesh.points for mesh in meshes]),
            np.concatenate([mesh.normals for mesh in meshes]),
            np.concatenate([mesh.texels for mesh in meshes]),
            np.concatenate([mesh.open_sky for mesh in meshes]),
            np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]),
            np.concatenate([mesh.part for mesh in meshes]),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Spine:
    """The middle of a tube and its sections: ``n`` ovals from one end to the other."""

    middle: F64  # (n, 3) m
    side: F64  # (n, 3) unit vectors: half_width is measured along it
    front: F64  # (n, 3) unit vectors: the depths are measured along it
    half_width: F64  # (n,) m
    front_depth: F64  # (n,) m
    back_depth: F64  # (n,) m


@dataclass(frozen=True, slots=True)
class Skin:
    """Where a tube's texture lies in the atlas, and which part of the body it is."""

    part: int
    rectangle: tuple[int, int, int, int]  # left, top, right, bottom in texels


def cross(a: F64, b: F64) -> F64:
    """``(..., 3)`` as ``np.cross``, which takes longer to begin than these arrays need."""
    (ax, ay, az), (bx, by, bz) = (a[..., 0], a[..., 1], a[..., 2]), (b[..., 0], b[..., 1], b[..., 2])
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


@lru_cache(maxsize=64)
def _grid_faces(rows: int, columns: int) -> I64:
    """``(F, 3)`` two triangles for every cell of a grid of vertices."""
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1].ravel(), at[:-1, 1:].ravel(), at[1:, 1:].ravel(), at[1:, :-1].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


@lru_cache(maxsize=64)
def _round(columns: int, exponent: float) -> tuple[F64, F64]:
    """``(columns + 1,)`` sine and cosine of a superellipse, from the back round to the back; the front is halfway."""
    angle = np.linspace(-np.pi, np.pi, columns + 1)
    sine, cosine = np.sin(angle), np.cos(angle)
    return tuple(np.sign(v) * np.abs(v) ** (2 / exponent) for v in (sine, cosine))  # type: ignore[return-value]


def oval_grid(spine: Spine, columns: int, exponent: float = 2.0) -> F64:
    """``(n, columns + 1, 3)`` points on a tube; its first and last column are both at the back."""
    sine, cosine = _round(columns, exponent)
    depth = np.where(cosine > 0, spine.front_depth[:, None], spine.back_depth[:, None])
    sideways = (spine.half_width[:, None] * sine)[..., None] * spine.side[:, None]
    forwards = (depth * cosine)[..., None] * spine.front[:, None]
    return np.asarray(spine.middle[:, None] + sideways + forwards)


def grid_normals(points: F64, middle: F64) -> F64:
    """``(n, c, 3)`` unit normals of a closed tube's ``points``, away from its ``middle`` ``(n, 3)``."""
    around = np.empty_like(points)
    around[:, 1:-1] = points[:, 2:] - points[:, :-2]
    around[:, 0] = around[:, -1] = points[:, 1] - points[:, -2]
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
    normals = cross(along, around)
    outwards = points - middle[:, None]
    normals *= np.sign((normals * outwards).sum(-1, keepdims=True) + 1e-12)
    ends = outwards / (np.linalg.norm(outwards, axis=-1, keepdims=True) + 1e-9)  # where a tube closes in a point
    size = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.asarray(np.where(size > 1e-9, normals / (size + 1e-12), ends))


def loft(points: F64, normals: F64, skin: Skin, open_sky: F64 | float = 1.0, *, texel_rows: F64 | None = None) -> Mesh:
    """Triangles over a grid ``(n, c, 3)``; the texture's rows run along the tube, its columns round it.

    ``texel_rows`` ``(n,)`` from 0 to 1 says where in the texture each row lies; even if not given.
    """
    rows, columns = points.shape[:2]
    left, top, right, bottom = skin.rectangle
    x = np.linspace(left + 1, right - 2, columns)
    along = np.linspace(0, 1, rows) if texel_rows is None else texel_rows
    texels = np.stack(np.broadcast_arrays(x[None], (top + 1 + along * (bottom - top - 3))[:, None]), -1)
    sky = np.broadcast_to(np.asarray(open_sky, np.float64), (rows, columns))
    faces = _grid_faces(rows, columns)
    return Mesh(
        points.reshape(-1, 3), normals.reshape(-1, 3), texels.reshape(-1, 2), sky.reshape(-1), faces,
        np.full(len(faces), skin.part, np.int32),
    )  # fmt: skip
