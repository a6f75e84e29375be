"""Labelled photos in COCO format, for training and for the figures of the model card."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from physadv.errors import BadInput
from physadv.labels import index_of

log = logging.getLogger(__name__)

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Labelled:
    """One picture and what is in it."""

    rgb_u8: U8  # (H, W, 3)
    boxes_xyxy_px: F32  # (n, 4) edges
    labels: I64  # (n,) into the detector's labels


@dataclass(frozen=True, eq=False, slots=True)
class Photos:
    """A data set in memory."""

    pictures: tuple[Labelled, ...]
    known: npt.NDArray[np.bool_]  # (K,) which of the detector's labels the annotators marked at all


def read_photos(folder: Path, labels: tuple[str, ...]) -> Photos:
    """Read ``annotations.json`` and its images; categories that the detector does not know are left out."""
    truth = _read_annotations(folder)
    label_of: dict[int, int] = {}
    for category in truth["categories"]:
        index = index_of(str(category["name"]), labels)
        if index is None:
            log.warning("%s: category %r is not a label of the detector and is left out", folder, category["name"])
        else:
            label_of[category["id"]] = index
    if not label_of:
        raise BadInput(f"{folder}: none of its categories is among {', '.join(labels)}.")
    found: dict[int, list[tuple[list[float], int]]] = {}
    for mark in truth["annotations"]:
        if mark["category_id"] in label_of and not mark.get("iscrowd"):
            found.setdefault(mark["image_id"], []).append((mark["bbox"], label_of[mark["category_id"]]))
    pictures = tuple(_labelled(folder / image["file_name"], found.get(image["id"], [])) for image in truth["images"])
    if not pictures:
        raise BadInput(f"{folder / 'annotations.json'} lists no images.")
    return Photos(pictures, np.isin(np.arange(len(labels)), list(label_of.values())))


def _read_annotations(folder: Path) -> dict[str, Any]:
    path = folder / "annotations.json"
    try:
        truth = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist. A COCO folder holds annotations.json and images/.") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"{path} is not valid JSON: {error}.") from error
    missing = [
        key for key in ("images", "annotations", "categories") if not isinstance(truth, dict) or key not in truth
    ]
    if missing:
        raise BadInput(f"{path} is not COCO: {', '.join(missing)} missing.")
    return truth  # type: ignore[no-any-return]


def _labelled(path: Path, marks: list[tuple[list[float], int]]) -> Labelled:
    if not path.is_file():
        path = path.parent / "images" / path.name  # data sets differ in whether file_name holds the folder
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if bgr is None:
        raise BadInput(f"{path} cannot be read as an image, but annotations.json lists it.")
    boxes = np.array([box for box, _ in marks], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    return Labelled(np.asarray(rgb, np.uint8), boxes, np.array([label for _, label in marks], np.int64))
