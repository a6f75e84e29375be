"""Labelled photos in COCO or YOLO format, for training and for the figures of the model card."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.core.labels import index_of
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb
from physadv.parts.scenes.checked import CheckedPhoto, checked
from physadv.parts.scenes.coco import NAMES, annotations_in, folders_of
from physadv.parts.scenes.coco_json import read_coco
from physadv.parts.scenes.marked import MarkedSet
from physadv.parts.scenes.photo_files import PhotoFiles
from physadv.parts.scenes.yolo import read_yolo

log = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

_OF_YOLO = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml", "labels")


def no_boxes() -> F32:
    """Of none."""
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class LabelledPicture:
    """One picture and what is in it."""

    rgb_u8: U8  # (H, W, 3)
    boxes_xyxy_px: F32  # (n, 4) edges
    labels: I64  # (n,) into the detector's labels
    vague_xyxy_px: F32 = field(default_factory=no_boxes)  # (v, 4) regions in which nobody knows what there is


@dataclass(frozen=True, eq=False, slots=True)
class TrainingPhotos:
    """A data set in memory."""

    pictures: tuple[LabelledPicture, ...]
    known: npt.NDArray[np.bool_]  # (K,) which of the detector's labels the annotators marked at all


def read_photos(folder: Path, labels: tuple[str, ...]) -> TrainingPhotos:
    """Read the annotations and their images, checked as ``scenes=coco`` and ``scenes=yolo`` check them.

    Categories that the detector does not know are left out, and crowds are vague. Raises :class:`BadInput` where the
    folder, its images or all labels are missing.
    """
    marked = _marked(folder)
    if not marked.photos:
        raise BadInput(f"{marked.source} lists no images.")
    rows = [index_of(name, labels) for name in marked.categories]
    for name, row in zip(marked.categories, rows, strict=True):
        if row is None:
            log.warning("%s: category %r is not a label of the detector and is left out", folder, name)
    known = [row for row in rows if row is not None]
    if not known:
        raise BadInput(f"{folder}: none of its categories is among {', '.join(labels)}.")
    pictures = tuple(_labelled(photo, rows) for photo in checked(marked))
    return TrainingPhotos(pictures, np.isin(np.arange(len(labels)), known))


def _marked(folder: Path) -> MarkedSet:
    if not folder.exists():
        raise BadInput(
            f"no such folder: {str(folder)!r}. A COCO folder holds annotations.json and images/, a YOLO folder "
            "data.yaml, or images/ and labels/."
        )
    is_coco = any((folder / name).is_file() for name in NAMES)
    if not is_coco and (folder.is_file() or any((folder / name).exists() for name in _OF_YOLO)):
        return read_yolo(str(folder))
    path = annotations_in(folder)
    return read_coco(path, PhotoFiles(folders_of(folder), path))


def _labelled(photo: CheckedPhoto, rows: list[int | None]) -> LabelledPicture:
    rgb = np.asarray(rgb_u8_from_srgb(load_srgb(photo.file)), np.uint8)
    marks = [(mark.box_xyxy_px, rows[mark.category], mark.crowd) for mark in photo.marks]
    kept = [(box, row) for box, row, crowd in marks if row is not None and not crowd]
    boxes = np.array([box for box, _ in kept], np.float32).reshape(-1, 4)
    labels = np.array([row for _, row in kept], np.int64)
    vague = np.array([box for box, row, crowd in marks if row is not None and crowd], np.float32).reshape(-1, 4)
    return LabelledPicture(np.ascontiguousarray(rgb), boxes, labels, vague)
