"""A print in the cloth of a shirt: it bends, folds, is lit and is covered as the shirt is."""

from __future__ import annotations

import cv2
import numpy as np

from physadv.library.people.atlas import pyramid
from physadv.library.people.chest import ChestCloth
from physadv.library.people.drawing import Person
from physadv.library.people.layout import TRUNK_RECT
from physadv.library.people.mesh import F32, F64

_TEXEL_MM = 2.4  # of the print before it is laid into the atlas, whose own texels are 2.5 to 3 mm


def with_print(person: Person, rgba: F32, width_mm: float, place: tuple[float, float, float]) -> Person:
    """The same person with a print on the shirt.

    ``rgba`` ``(h, w, 4)`` is linear reflectance, not premultiplied; ``place`` is the print's centre on the chest, x and
    y in mm, and its roll in degrees, counter-clockwise as seen.
    """
    x_mm, y_mm = _cloth_mm(person)
    scale = width_mm / rgba.shape[1]
    premultiplied = np.concatenate([rgba[..., :3] * rgba[..., 3:], rgba[..., 3:]], 2).astype(np.float32)
    if scale < _TEXEL_MM:
        size = tuple(max(round(side * scale / _TEXEL_MM), 1) for side in (rgba.shape[1], rgba.shape[0]))
        premultiplied = np.asarray(cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA), np.float32)
    height, width = premultiplied.shape[:2]
    dx, dy, turn = x_mm - place[0], y_mm - place[1], np.deg2rad(place[2])
    along, down = dx * np.cos(turn) - dy * np.sin(turn), dx * np.sin(turn) + dy * np.cos(turn)
    texel_mm = width_mm / width
    at = np.stack([along / texel_mm + width / 2 - 0.5, down / texel_mm + height / 2 - 0.5], 2).astype(np.float32)
    laid = cv2.remap(
        premultiplied, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0)
    )
    left, top, right, bottom = TRUNK_RECT
    atlas = person.atlas[0].copy()
    region = atlas[top:bottom, left:right]
    region *= 1 - laid[..., 3:]
    region += laid[..., :3]
    return Person(person.figure, pyramid(atlas))


def _cloth_mm(person: Person) -> tuple[F64, F64]:
    """``(h, w)`` millimetres across and down the cloth for every texel of the trunk, 0 in the middle of the print."""
    figure = person.figure
    cloth = ChestCloth.of(figure)
    left, top, right, bottom = TRUNK_RECT
    columns = (np.arange(right - left) - 1) / (right - left - 3) * (cloth.across_mm.shape[1] - 1)
    share = (np.arange(bottom - top) - 1) / (bottom - top - 3)
    rows = np.interp(share, (figure.heights[0] - figure.heights) / (figure.heights[0] - figure.heights[-1]),
                     np.arange(len(figure.heights)))  # fmt: skip
    at = np.stack(np.broadcast_arrays(columns[None], rows[:, None]), 2).astype(np.float32)
    across = cv2.remap(cloth.across_mm.astype(np.float32), at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    down = np.interp(rows, np.arange(len(cloth.along_mm)), cloth.along_mm)
    return across.astype(np.float64), np.broadcast_to(down[:, None], across.shape)
