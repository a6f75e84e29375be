"""A surface of the user's: an OBJ file with UVs, as a grid of points over its UV square (a geometry image, Gu 2002).

So a scanned torso or a car's bonnet goes the way of every bent surface. The file is in millimetres, y up, facing +z,
as modelling programs write it; UV (0, 1) is the print's top left corner.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.render.obj import read_obj

F64 = npt.NDArray[np.float64]
CHUNK = 512  # triangles looked at together


def load_mesh(path: str, cells: int) -> tuple[Tensor, Tensor]:
    """Points ``(n,n,3)`` mm (x right, y down, z away) at the nodes of the UV square, n = ``cells`` + 1, and which
    ``(cells,cells)`` lie whole on one piece of the surface.

    Raises :class:`BadInput` where the UVs leave the square empty.
    """  # fmt: skip
    vertices, uv, triangles = read_obj(Path(path))
    line = np.linspace(0, 1, cells + 1)
    nodes = np.stack(np.meshgrid(line, 1 - line, indexing="xy"), -1).reshape(-1, 2)
    found, weights = _locate(nodes, uv[triangles])
    hit = found >= 0
    if not hit.any():
        raise BadInput(f"mesh {path!r}: its UVs leave the square from 0 to 1 empty. Unwrap it into that square.")
    corners = vertices[triangles[found[hit]]]
    points = np.zeros((len(nodes), 3))
    points[hit] = (corners * weights[hit][..., None]).sum(1)
    points[~hit] = points[hit][_nearest(nodes[~hit], nodes[hit])]
    piece = np.where(hit, _pieces(triangles, len(vertices))[triangles[found, 0]], -1).reshape(cells + 1, cells + 1)
    around = np.stack((piece[:-1, :-1], piece[:-1, 1:], piece[1:, 1:], piece[1:, :-1]))
    solid = (around >= 0).all(0) & (around == around[0]).all(0)
    if not solid.any():
        raise BadInput(f"mesh {path!r}: its UV pieces are smaller than 1/{cells} of the square. Raise surface.cells.")
    placed = points.reshape(cells + 1, cells + 1, 3) * (1, -1, -1)
    return torch.from_numpy(placed), torch.from_numpy(solid)


def _locate(nodes: F64, triangles: F64) -> tuple[npt.NDArray[np.int64], F64]:
    """For nodes ``(k,2)`` the triangle ``(t,3,2)`` each lies in, -1 for none, and its barycentric weights ``(k,3)``."""
    found = np.full(len(nodes), -1, np.int64)
    weights = np.zeros((len(nodes), 3))
    for start in range(0, len(triangles), CHUNK):
        some = triangles[start : start + CHUNK]
        origin, edges = some[:, 0], np.stack((some[:, 1] - some[:, 0], some[:, 2] - some[:, 0]), -1)
        whole = np.abs(np.linalg.det(edges)) > 1e-14
        if not whole.any():
            continue
        inverse = np.linalg.inv(edges[whole])
        second, third = np.moveaxis(np.einsum("tij,ktj->kti", inverse, nodes[:, None] - origin[whole]), -1, 0)
        every = np.stack((1 - second - third, second, third), -1)
        inside = (every > -1e-9).all(-1) & (found[:, None] < 0)
        which, at = inside.argmax(1), inside.any(1)
        found[at] = start + np.flatnonzero(whole)[which[at]]
        weights[at] = every[np.flatnonzero(at), which[at]]
    return found, weights


def _nearest(points: F64, known: F64) -> npt.NDArray[np.int64]:
    from scipy.spatial import KDTree

    return np.asarray(KDTree(known).query(points)[1], np.int64)


def _pieces(triangles: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """``(count,)``: the connected piece of every vertex; vertices on a seam are there once a side."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = np.concatenate((triangles[:, :2], triangles[:, 1:]))
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
