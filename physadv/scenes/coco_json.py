"""Reads a COCO annotation file and refuses, by name, what would silently spoil a measurement."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.errors import BadInput


@dataclass(frozen=True, slots=True)
class CocoBox:
    """One annotation."""

    box_xyxy_px: tuple[float, float, float, float]
    category: int  # row of CocoFile.categories
    crowd: bool


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One image and its annotations. The size is what the file claims, where it does."""

    file_name: str
    size_px: tuple[int, int] | None  # height, width
    boxes: tuple[CocoBox, ...]


@dataclass(frozen=True, slots=True)
class CocoFile:
    """A checked annotation file."""

    categories: tuple[str, ...]
    images: tuple[CocoImage, ...]


def read_coco(path: Path) -> CocoFile:
    """Read and check ``path``. Images without annotations are normal; annotations without image are not."""
    content = _load(path)
    categories = {
        _whole(path, "category", c, "id"): str(_get(path, "category", c, "name")) for c in content["categories"]
    }
    row_of = {number: row for row, number in enumerate(sorted(categories))}
    boxes: dict[int, list[CocoBox]] = {_whole(path, "image", i, "id"): [] for i in content["images"]}
    if len(boxes) < len(content["images"]):
        raise BadInput(f"{path}: two images have the same id. Give every image its own.")
    for annotation in content["annotations"]:
        name = f"annotation {annotation.get('id', '?') if isinstance(annotation, dict) else annotation!r}"
        image, category = (_whole(path, name, annotation, key) for key in ("image_id", "category_id"))
        if image not in boxes:
            raise BadInput(
                f"{path}: {name} belongs to image {image}, which is not listed. Remove it or list the image."
            )
        if category not in row_of:
            raise BadInput(f"{path}: {name} has category {category}, which is not listed. Add it to 'categories'.")
        crowd = annotation.get("iscrowd") in (1, True)
        boxes[image].append(CocoBox(_box(path, name, annotation), row_of[category], crowd))
    images = tuple(_image(path, entry, tuple(boxes[entry["id"]])) for entry in content["images"])
    return CocoFile(tuple(categories[number] for number in sorted(categories)), images)


def _load(path: Path) -> dict[str, list[Any]]:
    if not path.is_file():
        raise BadInput(f"no annotation file {str(path)!r}. Put COCO JSON there, or set annotations to its path.")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise BadInput(f"{path} is not valid JSON: {error}. Export it again.") from error
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}. Check its permissions.") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise BadInput(f"{path} is not a COCO detection file: it has no list {key!r}. Export it in COCO format.")
    lists: dict[str, list[Any]] = content
    return lists


def _get(path: Path, name: str, entry: Any, key: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        raise BadInput(f"{path}: {name} has no {key!r}, got {entry!r:.120}. Export it again.")
    return entry[key]


def _whole(path: Path, name: str, entry: Any, key: str) -> int:
    value = _get(path, name, entry, key)
    if not isinstance(value, int):
        raise BadInput(f"{path}: {key!r} of {name} must be a whole number, got {value!r:.60}. Export it again.")
    return value


def _box(path: Path, name: str, annotation: dict[str, Any]) -> tuple[float, float, float, float]:
    box = _get(path, name, annotation, "bbox")
    numbers = (
        isinstance(box, list)
        and len(box) == 4
        and all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e9 for v in box)
    )
    if not numbers:
        raise BadInput(f"{path}: bbox of {name} must be four finite numbers, got {box!r:.80}. Correct or remove it.")
    left, top, width, height = map(float, box)
    if width <= 0 or height <= 0:
        raise BadInput(f"{path}: bbox of {name} has no area, got {box!r}. Correct or remove it.")
    return left, top, left + width, top + height


def _image(path: Path, entry: dict[str, Any], boxes: tuple[CocoBox, ...]) -> CocoImage:
    name = f"image {entry['id']}"
    file_name = _get(path, name, entry, "file_name")
    if not isinstance(file_name, str) or not file_name:
        raise BadInput(f"{path}: 'file_name' of {name} must be text, got {file_name!r}. Export it again.")
    claimed = entry.get("height"), entry.get("width")
    sizes = [v for v in claimed if isinstance(v, int)]
    return CocoImage(file_name, (sizes[0], sizes[1]) if len(sizes) == 2 else None, boxes)
