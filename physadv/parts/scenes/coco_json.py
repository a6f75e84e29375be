"""Reads a COCO annotation file and refuses, by name, what would silently spoil a measurement."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.core.labels import on_one_line
from physadv.library.files.reading import MB, read_json
from physadv.library.placement.objects import Box
from physadv.parts.scenes.category_names import joined
from physadv.parts.scenes.marked import Annotation, MarkedPhoto, MarkedSet
from physadv.parts.scenes.photo_files import PhotoFiles
from physadv.parts.scenes.remarks import Remarks

_FROM_OUTLINE = "box(es) are missing and were taken from the outlines"
_SAME_ENTRY = "image(s) are listed again with the same id and name; once counts"
_SAME_ID = "annotation id(s) are there more than once; all are used"

MAX_BYTES = 2000 * MB  # COCO's largest has 470 MB, LVIS's 1200 MB

Id = str
"""Ids are compared as text: 7, 7.0 and "7" are one."""


def read_coco(path: Path, files: PhotoFiles) -> MarkedSet:
    """Read and check ``path``. Images without annotations are normal; annotations without image are not.

    Raises :class:`BadInput` for them.
    """
    content, remarks = _load(path), Remarks(path)
    names = _categories(path, content["categories"])
    row_of = {number: row for row, number in enumerate(names)}
    marks: dict[Id, list[Annotation]] = {}
    for entry in content["images"]:
        marks.setdefault(_id(path, "image", entry, "id"), [])
    for annotation in content["annotations"]:
        image, mark = _mark(path, annotation, row_of, remarks)
        if image not in marks:
            raise BadInput(
                f"{path}: {mark.where} belongs to image {image}, which is not listed. Remove it or list the image."
            )
        marks[image].append(mark)
    _tell_same_ids(content["annotations"], remarks)
    rows = [mark.category for found in marks.values() for mark in found]
    categories, new_row = joined(list(names.values()), rows, remarks)
    numbered = {
        image: tuple(Annotation(m.box_xyxy_px, new_row[m.category], m.crowd, m.where) for m in found)
        for image, found in marks.items()
    }
    photos = _photos(path, content["images"], numbered, remarks)
    return MarkedSet(path, categories, photos, files, remarks, corners_possible=True)


def _load(path: Path) -> dict[str, list[Any]]:
    if not path.exists():
        raise BadInput(
            f"no annotation file {str(path)!r}. Put COCO JSON there, or name it with scenes.annotations=FILE."
        )
    content = read_json(path, MAX_BYTES)
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise BadInput(f"{path} is not a COCO detection file: it has no list {key!r}. Export it in COCO format.")
    lists: dict[str, list[Any]] = content
    return lists


def _get(path: Path, name: str, entry: Any, key: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        raise BadInput(f"{path}: {name} has no {key!r}, got {entry!r:.120}. Export it again.")
    return entry[key]


def _id(path: Path, name: str, entry: Any, key: str) -> Id:
    """A whole number, or text; tools that go through tables write 7.0."""
    value = _get(path, name, entry, key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise BadInput(f"{path}: {key!r} of {name} must be a whole number or text, got {value!r:.60}. Export it again.")
    number = _text(path, f"{key!r} of {name}", str(value))
    if len(number) > 200 or not number.isprintable():
        raise BadInput(f"{path}: {key!r} of {name} is not an id, got {number!r:.60}. Export it again.")
    return number


def _text(path: Path, what: str, value: str) -> str:
    """Text that can be written: JSON may escape half a character."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"{path}: {what} is not valid text, got {value!r:.80}. Correct it.") from error
    return value


def _categories(path: Path, entries: list[Any]) -> dict[Id, str]:
    """Id → name, numbers first and in their order."""
    names: dict[Id, str] = {}
    for entry in entries:
        number, name = _id(path, "category", entry, "id"), _get(path, "category", entry, "name")
        if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
            raise BadInput(f"{path}: category {number} must have a name, got {name!r:.60}. Name it.")
        name = on_one_line(_text(path, f"name of category {number}", str(name)))
        if names.setdefault(number, name) != name:
            raise BadInput(
                f"{path}: category {number} is both {names[number]!r} and {name!r}. Give every category its own id."
            )
    order = sorted(names, key=lambda number: (not number.isdecimal(), len(number) if number.isdecimal() else 0, number))
    return {number: names[number] for number in order}


def _mark(path: Path, annotation: Any, row_of: dict[Id, int], remarks: Remarks) -> tuple[Id, Annotation]:
    """One annotation and the id of its image."""
    name = f"annotation {annotation.get('id', '?')}" if isinstance(annotation, dict) else f"annotation {annotation!r}"
    name = name[:60] if name.isprintable() else ascii(name)[:60]
    image, category = (_id(path, name, annotation, key) for key in ("image_id", "category_id"))
    if category not in row_of:
        raise BadInput(f"{path}: {name} has category {category}, which is not listed. Add it to 'categories'.")
    crowd = annotation.get("iscrowd") in (1, True, "1")
    return image, Annotation(_box(path, name, annotation, remarks), row_of[category], crowd, name)


def _box(path: Path, name: str, annotation: dict[str, Any], remarks: Remarks) -> Box:
    box = annotation.get("bbox")
    if box in (None, []):
        outline = _outline(annotation.get("segmentation"))
        if outline is not None:
            remarks.add(_FROM_OUTLINE, name)
            return outline
        _get(path, name, annotation, "bbox")
    if not (isinstance(box, list) and len(box) == 4 and all(map(_finite, box))):
        raise BadInput(f"{path}: bbox of {name} must be four finite numbers, got {box!r:.80}. Correct or remove it.")
    left, top, width, height = map(float, box)
    return left, top, left + width, top + height


def _outline(segmentation: Any) -> Box | None:
    """The box round polygons ``[[x, y, x, y, …], …]``; ``None`` for what is none."""
    if not isinstance(segmentation, list) or not segmentation:
        return None
    if not all(isinstance(one, list) and len(one) >= 6 and all(map(_finite, one)) for one in segmentation):
        return None
    across = [value for one in segmentation for value in one[0::2]]
    down = [value for one in segmentation for value in one[1::2]]
    return float(min(across)), float(min(down)), float(max(across)), float(max(down))


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _photos(
    path: Path, entries: list[Any], marks: dict[Id, tuple[Annotation, ...]], remarks: Remarks
) -> tuple[MarkedPhoto, ...]:
    photos: dict[Id, MarkedPhoto] = {}
    for entry in entries:
        number = _id(path, "image", entry, "id")
        name = f"image {number}"
        file_name = _get(path, name, entry, "file_name")
        if not isinstance(file_name, str) or not file_name.strip():
            raise BadInput(f"{path}: 'file_name' of {name} must be text, got {file_name!r:.60}. Export it again.")
        photo = MarkedPhoto(_text(path, f"'file_name' of {name}", file_name), _size(entry), marks[number])
        if number in photos and photos[number].name == file_name:
            remarks.add(_SAME_ENTRY, file_name)
        if photos.setdefault(number, photo).name != file_name:
            raise BadInput(
                f"{path}: two images have the same id {number}, {photos[number].name!r:.60} and {file_name!r:.60}. "
                "Give every image its own."
            )
    return tuple(photos.values())


def _size(entry: dict[str, Any]) -> tuple[int, int] | None:
    """Height and width where both are stated; tools write 0, null or nothing where they do not know."""
    sides = []
    for value in (entry.get("height"), entry.get("width")):
        if isinstance(value, str) and value.isdecimal() and len(value) < 9:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < 1e9:
            return None
        sides.append(int(value))
    return sides[0], sides[1]


def _tell_same_ids(annotations: list[Any], remarks: Remarks) -> None:
    ids = Counter(str(one["id"]) for one in annotations if "id" in one)
    for number, count in ids.items():
        if count > 1:
            remarks.add(_SAME_ID, ascii(number)[1:-1][:40])
