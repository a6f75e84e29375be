"""Surfaces that the user has measured: four corners on the photo and their size in millimetres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import normalize

import cv2
import numpy as np
import torch

from physadv.core.errors import BadInput
from physadv.library.files.reading import read_json
from physadv.library.placement.objects import PhotoObject
from physadv.parts.scenes.photo_files import expect_inside, inside

_REMEDY = 'Write {"photo.jpg": {"corners": [[x,y] × 4], "width_mm": …, "height_mm": …}}, corners TL, TR, BR, BL.'

_MIN_PX2 = 1.0  # a quad smaller than a pixel is a slip of the hand

MaskFiles = dict[int, tuple[Path, ...]]
"""Photo → the masks that its surfaces name."""


def read_quads(path: Path, photos: list[Path]) -> tuple[list[list[PhotoObject]], MaskFiles]:
    """For each photo its measured surfaces, and their masks. Photos that the file does not name have none.

    Raises :class:`BadInput` for a file that is missing, malformed, or names other photos.
    """
    if not path.exists():
        raise BadInput(f"no quads file {str(path)!r}. {_REMEDY}")
    content = read_json(path)
    if not isinstance(content, dict):
        raise BadInput(f"{path} must map photos to surfaces, got a {type(content).__name__}. {_REMEDY}")
    content = {normalize("NFC", name): surfaces for name, surfaces in content.items()}
    names = [normalize("NFC", photo.name) for photo in photos]
    unknown = sorted(set(content) - set(names))
    if unknown:
        raise BadInput(
            f"{path} names {unknown[0]!r}, which is not among the photos. Correct the name or add the photo."
        )
    listed = [_listed(content.get(name, [])) for name in names]
    things = [[_thing(path, photo.name, s) for s in found] for photo, found in zip(photos, listed, strict=True)]
    masks = {index: tuple(_masks(path, photos[index].name, found)) for index, found in enumerate(listed)}
    return things, masks


def _masks(path: Path, photo: str, surfaces: list[Any]) -> Iterator[Path]:
    """The masks' files, relative to the folder of the quads file."""
    for name in (surface["mask"] for surface in surfaces if "mask" in surface):
        if not isinstance(name, str) or not name:
            raise BadInput(f"{path}: surface of {photo!r}: mask must be the name of a picture, got {name!r:.60}.")
        mask = inside(path.parent, name, str(path))
        expect_inside(mask, path.parent, str(path))
        yield mask


def _listed(entry: Any) -> list[Any]:
    return entry if isinstance(entry, list) else [entry]


def _thing(path: Path, photo: str, surface: Any) -> PhotoObject:
    """One surface; its object is taken to be just as large as the surface."""
    where = f"{path}: surface of {photo!r}"
    if not isinstance(surface, dict):
        raise BadInput(f"{where} must be an object, got {surface!r:.60}. {_REMEDY}")
    width_mm, height_mm = (_number(where, surface, key) for key in ("width_mm", "height_mm"))
    corners = surface.get("corners")
    points = (
        isinstance(corners, list)
        and len(corners) == 4
        and all(isinstance(p, list) and len(p) == 2 and all(_finite(v) for v in p) for p in corners)
    )
    if not points:
        raise BadInput(f"{where}: corners must be four [x, y] points, got {corners!r:.80}. {_REMEDY}")
    quad = np.array(corners, dtype=np.float32)
    _expect_clockwise(where, quad)
    half = np.array([width_mm, height_mm], dtype=np.float32) / 2
    rectangle = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float32) * half
    homography = torch.from_numpy(np.asarray(cv2.getPerspectiveTransform(rectangle, quad), dtype=np.float64))
    low, high = quad.min(0) + 0.5, quad.max(0) + 0.5  # a pixel's centre → box edges
    return PhotoObject(
        (float(low[0]), float(low[1]), float(high[0]), float(high[1])), 0, True, image_from_surface=homography
    )


def _expect_clockwise(where: str, quad: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    side = np.roll(quad, -1, axis=0) - quad
    if cv2.contourArea(cv2.convexHull(quad)) < _MIN_PX2:
        raise BadInput(f"{where}: corners enclose no area, got {quad.tolist()}. Give four corners that are apart.")
    after = np.roll(side, -1, axis=0)
    turns = side[:, 0] * after[:, 1] - side[:, 1] * after[:, 0]
    if not (turns > 1e-3).all():
        raise BadInput(f"{where}: corners must go round once, TL, TR, BR, BL, got {quad.tolist()}. Reorder them.")


def _number(where: str, surface: dict[str, Any], key: str) -> float:
    value = surface.get(key)
    if value is None or not _finite(value) or not value > 0:
        raise BadInput(f"{where}: {key} must be a positive number, got {value!r}. {_REMEDY}")
    return float(value)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
