"""Triangles to pixels: a painter's index buffer at sub-pixels, texture and light looked up once for each of them.

Every triangle writes its number, far to near, so the buffer holds who is seen; colour, light and part are then read for
the sub-pixels that are covered, and averaged to pixels. So a person costs about a microsecond a triangle and no more
where parts of the body overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from physadv.library.people.layout import LEG
from physadv.library.people.mesh import F32, F64, I32, Mesh, cross

_UNDER_SHIRT_M = 0.05  # legs are drawn as if so much farther away, so that a hem hangs over them unbroken
_SHIFT = 4  # fixed-point bits of OpenCV's drawing
_FINEST = 4  # sub-pixels per pixel and axis for small figures
_LARGEST = 420  # a side of the buffer in sub-pixels beyond which it gets no finer


@dataclass(frozen=True, slots=True)
class Sun:
    """Light in a street: the sky all round and a sun."""

    towards: tuple[float, float, float]  # unit vector to the sun, world axes (y down)
    gain: tuple[float, float, float]  # linear, per channel: a white surface in full light
    ambient: float = 0.45  # share of full light that comes from the sky

    def on(self, normals: F64, open_sky: F64 | float = 1.0) -> F64:
        """``(n,)`` share of full light on surfaces that look along ``normals`` ``(n, 3)``; more from above."""
        sky = self.ambient * (1 - 0.25 * normals[..., 1]) * open_sky
        return np.asarray(sky + (1 - self.ambient) * np.maximum(normals @ np.array(self.towards), 0))


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A drawn figure: a piece of picture with its place."""

    left: int
    top: int
    rgba: F32  # (h, w, 4) linear light, premultiplied
    parts: F32  # (h, w, p) share of each pixel in which one of the parts asked for is seen
    box_px: tuple[float, float, float, float]  # edges, in the picture
    inside: float = 1.0  # share of its width that the picture's sides leave

    def over_(self, linear: F32) -> None:
        """Blend over a picture ``(H, W, 3)`` in linear light, in place."""
        rows, columns = self.window
        region = linear[rows, columns]
        region *= 1 - self.rgba[..., 3:]
        region += self.rgba[..., :3]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that it covers."""
        height, width = self.rgba.shape[:2]
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def rasterise(
    mesh: Mesh,
    atlas: Sequence[F32],
    texel_m: float,
    pixels_from_world: F64,
    size_px: tuple[int, int],
    sun: Sun,
    parts: Sequence[int] = (),
) -> Cut | None:
    """Draw a mesh given in world metres; ``None`` where nothing of it is in the picture.

    ``atlas`` is a pyramid of textures ``(h, w, 3)`` in linear light, each half the one before; a texel of the first is
    ``texel_m`` wide. ``pixels_from_world`` ``(3, 3)``; ``size_px`` width and height.
    """  # fmt: skip
    seen = mesh.points @ pixels_from_world.T
    if seen[:, 2].min() < 0.2:
        return None
    flat = seen[:, :2] / seen[:, 2:]
    low, high = flat.min(0), flat.max(0)
    left, top = (max(int(np.floor(v)) - 1, 0) for v in low)
    right, bottom = (min(int(np.ceil(v)) + 2, size) for v, size in zip(high, size_px, strict=True))
    if right - left < 2 or bottom - top < 2:
        return None
    fine = int(np.clip(_LARGEST // max(right - left, bottom - top), 2, _FINEST))
    corners = (flat - [left, top] + 0.5) * fine - 0.5
    buffer, faces = _index_buffer(mesh, seen, corners, ((bottom - top) * fine, (right - left) * fine))
    where = np.flatnonzero(buffer >= 0)
    if len(where) == 0:
        return None
    shape = buffer.shape
    number = buffer.ravel()[where]
    light = sun.on(mesh.normals, mesh.open_sky)
    values = _planes(corners, np.concatenate([mesh.texels, light[:, None]], 1), mesh.faces[faces])[number]
    y, x = np.divmod(where.astype(np.int32), np.int32(shape[1]))
    read = values[:, 0] * x[:, None].astype(np.float32) + values[:, 1] * y[:, None].astype(np.float32) + values[:, 2]
    # metres a sub-pixel against metres a texel
    scale = float(np.median(seen[:, 2])) / float(np.linalg.norm(pixels_from_world[0])) / fine / texel_m
    level = int(np.clip(np.round(np.log2(max(scale, 1e-6))), 0, len(atlas) - 1))
    colour = _looked_up(atlas[level], (read[:, :2] + 0.5) / 2**level - 0.5)
    fine_rgba = np.zeros((shape[0] * shape[1], 4), np.float32)
    fine_rgba[where, :3] = colour * np.clip(read[:, 2:], 0, 2) * np.array(sun.gain, np.float32)
    fine_rgba[where, 3] = 1
    pixels = (right - left, bottom - top)
    shares = np.zeros((pixels[1], pixels[0], len(parts)), np.float32)
    of_face = mesh.part[faces]
    for index, part in enumerate(parts):
        mask = np.zeros(shape[0] * shape[1], np.float32)
        mask[where] = of_face[number] == part
        shares[..., index] = cv2.resize(mask.reshape(shape), pixels, interpolation=cv2.INTER_AREA)
    rgba = cv2.resize(fine_rgba.reshape(*shape, 4), pixels, interpolation=cv2.INTER_AREA)
    box = (left + x.min() / fine, top + y.min() / fine, left + (x.max() + 1) / fine, top + (y.max() + 1) / fine)
    inside = float((min(high[0], size_px[0]) - max(low[0], 0)) / (high[0] - low[0]))
    return Cut(left, top, np.asarray(rgba, np.float32), shares, tuple(float(v) for v in box), inside)  # type: ignore[arg-type]


def _index_buffer(mesh: Mesh, seen: F64, corners: F64, shape: tuple[int, int]) -> tuple[I32, F64]:
    """``(h, w)`` the triangle seen at each sub-pixel, -1 for none, and the triangles it counts ``(n,)``."""
    points = mesh.points[mesh.faces]
    across = cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    outwards = mesh.normals[mesh.faces].sum(1)
    across *= np.sign((across * outwards).sum(1, keepdims=True))
    towards = (across * points.mean(1)).sum(1) < 0  # the camera is at the world's origin
    depth = seen[mesh.faces, 2].mean(1) + (mesh.part == LEG) * _UNDER_SHIRT_M
    kept = np.flatnonzero(towards)
    kept = kept[np.argsort(-depth[kept], kind="stable")]
    fixed = np.round(corners * (1 << _SHIFT)).astype(np.int32)[mesh.faces[kept]]
    buffer = np.full(shape, -1, np.int32)
    fill = cv2.fillConvexPoly
    for number, triangle in enumerate(fixed):
        fill(buffer, triangle, number, 8, _SHIFT)
    return buffer, kept  # type: ignore[return-value]


def _planes(corners: F64, values: F64, faces: F64) -> F32:
    """``(F, 3, k)``: slopes along x and y and the value at the origin, of ``values`` ``(V, k)`` over each triangle."""
    (a, b, c), (va, vb, vc) = (np.moveaxis(v[faces], 1, 0) for v in (corners, values))
    ab, ac = b - a, c - a
    double = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    double = np.where(np.abs(double) < 1e-3, np.inf, double)[:, None]  # a sliver takes its first corner's value
    dx = ((vb - va) * ac[:, 1:] - (vc - va) * ab[:, 1:]) / double
    dy = ((vc - va) * ab[:, :1] - (vb - va) * ac[:, :1]) / double
    origin = va - dx * a[:, :1] - dy * a[:, 1:]
    return np.stack([dx, dy, origin], 1).astype(np.float32)


def _looked_up(texture: F32, at: F32) -> F32:
    """``(n, 3)`` the texture at ``at`` ``(n, 2)`` texels, bilinear."""
    columns = 4096
    rows = -(-len(at) // columns)
    padded = np.zeros((rows * columns, 2), np.float32)
    padded[: len(at)] = at
    read = cv2.remap(texture, padded.reshape(rows, columns, 2), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read.reshape(-1, 3)[: len(at)], np.float32)
