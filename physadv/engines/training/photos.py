"""Labelled photos in COCO format, for training and for the figures of the model card."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.core.labels import index_of
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb
from physadv.parts.scenes.checked import CheckedPhoto, checked
from physadv.parts.scenes.coco import annotations_in, folders_of
from physadv.parts.scenes.coco_json import read_coco
from physadv.parts.scenes.photo_files import PhotoFiles

log = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class LabelledPicture:
    """One picture and what is in it."""

    rgb_u8: U8  # (H, W, 3)
    boxes_xyxy_px: F32  # (n, 4) edges
    labels: I64  # (n,) into the detector's labels


@dataclass(frozen=True, eq=False, slots=True)
class TrainingPhotos:
    """A data set in memory."""

    pictures: tuple[LabelledPicture, ...]
    known: npt.NDArray[np.bool_]  # (K,) which of the detector's labels the annotators marked at all


def read_photos(folder: Path, labels: tuple[str, ...]) -> TrainingPhotos:
    """Read the annotations and their images, checked as ``scenes=coco`` checks them.

    Categories that the detector does not know and crowds are left out. Raises :class:`BadInput` where the folder, its
    images or all labels are missing.
    """
    if not folder.is_dir():
        raise BadInput(f"no such folder: {str(folder)!r}. A COCO folder holds annotations.json and images/.")
    path = annotations_in(folder)
    marked = read_coco(path, PhotoFiles(folders_of(folder), path))
    if not marked.photos:
        raise BadInput(f"{path} lists no images.")
    rows = [index_of(name, labels) for name in marked.categories]
    for name, row in zip(marked.categories, rows, strict=True):
        if row is None:
            log.warning("%s: category %r is not a label of the detector and is left out", folder, name)
    known = [row for row in rows if row is not None]
    if not known:
        raise BadInput(f"{folder}: none of its categories is among {', '.join(labels)}.")
    pictures = tuple(_labelled(photo, rows) for photo in checked(marked))
    return TrainingPhotos(pictures, np.isin(np.arange(len(labels)), known))


def _labelled(photo: CheckedPhoto, rows: list[int | None]) -> LabelledPicture:
    rgb = np.asarray(rgb_u8_from_srgb(load_srgb(photo.file)), np.uint8)
    marks = [(mark.box_xyxy_px, rows[mark.category]) for mark in photo.marks if not mark.crowd]
    kept = [(box, row) for box, row in marks if row is not None]
    boxes = np.array([box for box, _ in kept], np.float32).reshape(-1, 4)
    return LabelledPicture(np.ascontiguousarray(rgb), boxes, np.array([row for _, row in kept], np.int64))
