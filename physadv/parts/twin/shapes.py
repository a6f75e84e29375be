"""Mitsuba shapes from points in the world, and textures from arrays in linear light."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.parts.twin.layout import F64

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Node = dict[str, Any]


def matte(rgb: tuple[float, float, float]) -> Node:
    """A diffuse colour, linear."""
    return {"type": "diffuse", "reflectance": {"type": "rgb", "value": [float(v) for v in rgb]}}


def texture(mi: Any, linear: F32, *, repeat: float = 0.0) -> Node:
    """``(h, w, 3 or 1)`` linear light as it is: ``raw`` keeps Mitsuba from decoding it a second time.

    ``repeat`` lays it so many times along each side; else its rim is continued.
    """
    node = {"type": "bitmap", "bitmap": mi.Bitmap(np.ascontiguousarray(linear, np.float32)), "raw": True,
            "filter_type": "bilinear", "wrap_mode": "repeat" if repeat else "clamp"}  # fmt: skip
    if repeat:
        node["to_uv"] = mi.ScalarTransform4f().scale([repeat, repeat, 1])
    return node


def printed(mi: Any, rgb: F32) -> Node:
    """Ink on matte paper, ``rgb`` ``(h, w, 3)``.

    What is cut away is missing from the mesh: a mask would still keep the sun off.
    """
    return {"type": "diffuse", "reflectance": texture(mi, rgb)}


def sheet(mi: Any, points: F64, normals: F64, bsdf: Node, kept: Bool | None = None) -> Any:
    """A smooth mesh over a grid of ``points`` ``(rows, columns, 3)``; the texture's rows run down, columns right.

    ``kept`` ``(rows - 1, columns - 1)`` says which cells are there.
    """
    rows, columns = points.shape[:2]
    across, down = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    at = np.arange(rows * columns).reshape(rows, columns)
    corners = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]  # TL, TR, BR, BL; counter-clockwise seen from outside
    faces = np.stack([np.stack([corners[i] for i in t], -1) for t in ((0, 3, 2), (0, 2, 1))])
    faces = faces.reshape(-1, 3) if kept is None else faces[:, kept].reshape(-1, 3)
    return _mesh(mi, points.reshape(-1, 3), normals.reshape(-1, 3), np.stack([across, down], -1), faces, bsdf)


def fan(mi: Any, rim: F64, normal: F64, shares: F64, bsdf: Node) -> Any:
    """A flat convex plate with the corners ``rim`` ``(n, 3)``, clockwise as seen; ``shares`` of the texture."""
    around = np.arange(1, len(rim) - 1)
    faces = np.stack([np.zeros_like(around), around + 1, around], 1)
    return _mesh(mi, rim, np.tile(normal, (len(rim), 1)), shares, faces, bsdf)


def _mesh(mi: Any, points: F64, normals: F64, shares: F64, faces: I64, bsdf: Node) -> Any:
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(bsdf)
    mesh = mi.Mesh(
        "mesh", len(points), len(faces), props=properties, has_vertex_normals=True, has_vertex_texcoords=True
    )
    values = mi.traverse(mesh)
    values["vertex_positions"] = np.ascontiguousarray(points, np.float32).ravel()
    values["vertex_normals"] = np.ascontiguousarray(normals, np.float32).ravel()
    values["vertex_texcoords"] = np.ascontiguousarray(shares, np.float32).ravel()  # row 0 is at v = 0
    values["faces"] = faces.astype(np.uint32).ravel()
    values.update()
    return mesh


def flat(mi: Any, centre: F64, right: F64, down: F64, bsdf: Node) -> Node:
    """A rectangle from its half sides (world metres); it faces ``down x right``. Its texture has no upper side."""
    frame = np.eye(4)
    frame[:3, 0], frame[:3, 1], frame[:3, 3] = right, -down, centre
    outward = -np.cross(right, down)
    frame[:3, 2] = outward / np.linalg.norm(outward)
    return {"type": "rectangle", "to_world": mi.ScalarTransform4f(frame), "bsdf": bsdf}


def block(mi: Any, centre: F64, half: F64, bsdf: Node, turn_deg: float = 0.0) -> Node:
    """A box with ``half`` sides ``(3,)`` about ``centre`` ``(3,)``, metres, turned about the vertical."""
    place = mi.ScalarTransform4f().translate(centre.tolist()).rotate([0, 1, 0], turn_deg).scale(half.tolist())
    return {"type": "cube", "to_world": place, "bsdf": bsdf}


def ball(centre: F64, radius: float, bsdf: Node) -> Node:
    """A sphere about ``centre`` ``(3,)``, metres."""
    return {"type": "sphere", "center": centre.tolist(), "radius": float(radius), "bsdf": bsdf}


def post(foot: F64, top: F64, radius: float, bsdf: Node) -> Node:
    """An open cylinder from ``foot`` ``(3,)`` to ``top`` ``(3,)``, metres."""
    return {"type": "cylinder", "p0": foot.tolist(), "p1": top.tolist(), "radius": radius, "bsdf": bsdf}


def speckled(rgb: tuple[float, float, float], rough: float, seed: int, size: int = 256) -> F32:
    """``(size, size, 3)`` a colour with grain and blotches, for ground that is not one flat tone."""
    rng = np.random.default_rng(seed)
    grain = rng.normal(size=(size, size))
    for cells in (8, 32):
        grain += np.kron(rng.normal(size=(cells, cells)), np.ones((size // cells, size // cells)))
    return np.asarray(np.clip(np.array(rgb) * (1 + rough * grain[..., None]), 0.01, 0.95), np.float32)
