"""A marked set against its photos: every way in which they contradict each other is mended and counted, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.library.placement.objects import Box
from physadv.parts.scenes.fitting import Found, fitted
from physadv.parts.scenes.folder_photos import expect_nameable
from physadv.parts.scenes.marked import Annotation, Hw, MarkedPhoto, MarkedSet
from physadv.parts.scenes.photos import header
from physadv.parts.scenes.remarks import Remarks, shortened
from physadv.parts.scenes.same_pictures import first_of_same

NO_AREA = "box(es) without area are left out"
OUTSIDE = "box(es) lie outside the image and are left out"
CLIPPED = "box(es) stick out of their image by more than a tenth of their side and are clipped"
DOUBLE = "box(es) are there twice and count once"
TWO_LABELS = "box(es) have two labels"
SAME_FILE = "photo(s) are listed more than once, under several ids or names; their boxes are joined"
DIFFERENT = (
    "photo(s) have several entries whose boxes of one category differ; all are used. If frames of several films share "
    "their names, these boxes belong to other pictures: give every frame its own name"
)
SAME_PICTURE = "photo(s) show the same picture as another and count once; their boxes are joined"


@dataclass(frozen=True, slots=True)
class CheckedPhoto:
    """A picture that is there once, with all its boxes in pixels of the upright file."""

    name: str  # unique in the set
    file: Path
    size_px: Hw
    marks: tuple[Annotation, ...]


def checked(marked: MarkedSet) -> list[CheckedPhoto]:
    """Find the files, fit the boxes, join what is there twice; tells all remarks."""
    found = [Found(photo, file, header(file)) for photo, file in _with_files(marked)]
    for one in found:
        expect_nameable(one.file)
    if marked.corners_possible:
        _expect_sides(found, marked.source)
    found = fitted(found, marked.source, marked.remarks)
    groups = _same_file(found, marked.remarks)
    first = first_of_same([group[0].file for group in groups], [group[0].header.size_px for group in groups])
    for index, group in enumerate(groups):
        if first[index] != index:
            groups[first[index]] += group
            marked.remarks.add(SAME_PICTURE, f"{group[0].photo.name} = {groups[first[index]][0].photo.name}")
    kept = [group for index, group in enumerate(groups) if first[index] == index]
    names = _unique_names([group[0].file for group in kept], marked.files.folders)
    joined = [_joined(name, group, marked.remarks) for name, group in zip(names, kept, strict=True)]
    marked.remarks.tell()
    return joined


def _with_files(marked: MarkedSet) -> list[tuple[MarkedPhoto, Path]]:
    files = [(photo, marked.files.find(photo.name, marked.remarks)) for photo in marked.photos]
    missing = [repr(photo.name) for photo, file in files if file is None]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(files)} annotated images are missing in {str(marked.files.folders[0])!r}: "
            f"{shortened(missing)}. Add them, or remove them from the annotations."
        )
    return [(photo, file) for photo, file in files if file is not None]


def _expect_sides(found: list[Found], source: Path) -> None:
    """Refuse boxes that are certainly corners or shares of the picture, where width and height in pixels are due."""
    marks = [(mark.box_xyxy_px, one.photo.size_px or one.header.size_px) for one in found for mark in one.photo.marks]
    if not marks:
        return
    bare = [(left, top, right - left, bottom - top) for (left, top, right, bottom), _ in marks]
    values = [value for box in bare for value in box]
    small = all(0 <= value <= 1 for value in values) and any(value % 1 for value in values)
    if small and min(min(size) for _, size in marks) > 4:
        raise BadInput(
            f"{source}: all {len(marks)} boxes have numbers from 0 to 1, as if they were shares of the picture. "
            "COCO's bbox is [left, top, width, height] in pixels: multiply by the picture's width and height."
        )
    over = sum(box[2] > size[1] * 1.1 or box[3] > size[0] * 1.1 for box, size in marks)
    corners = all(_fits_as_corners(box, size) for box, (_, size) in zip(bare, marks, strict=True))
    if corners and over >= max(1, 0.2 * len(marks)):
        raise BadInput(
            f"{source}: {over} of {len(marks)} boxes stick far out of their pictures, and all fit when read as corners "
            "[left, top, right, bottom]. COCO's bbox is [left, top, width, height]: subtract left and top from the "
            "last two. If they are widths and heights, cut them off at the picture's edge."
        )


def _fits_as_corners(box: Box, size: Hw) -> bool:
    left, top, right, bottom = box
    return left < right <= size[1] + 2 and top < bottom <= size[0] + 2


def _same_file(found: Iterable[Found], remarks: Remarks) -> list[list[Found]]:
    groups: dict[Path, list[Found]] = {}
    for one in found:
        group = groups.setdefault(one.file.resolve(), [])
        if group:
            remarks.add(SAME_FILE, one.photo.name)
        group.append(one)
    return list(groups.values())


def _unique_names(files: list[Path], folders: tuple[Path, ...]) -> list[str]:
    """Bare file names or, where two photos share one, their paths in the folder."""
    bare = [file.name for file in files]
    if len(set(bare)) == len(bare):
        return bare
    bases = [next((f for f in folders if file.is_relative_to(f)), file.parent) for file in files]
    return [file.relative_to(base).as_posix() for file, base in zip(files, bases, strict=True)]


def _joined(name: str, group: list[Found], remarks: Remarks) -> CheckedPhoto:
    size = group[0].header.size_px
    if _differ(group):
        remarks.add(DIFFERENT, name)
    kept: dict[tuple[object, ...], Annotation] = {}
    places: dict[tuple[object, ...], int] = {}
    for mark in (mark for one in group for mark in one.photo.marks):
        fitting = _fitting(mark, size, name, remarks)
        if fitting is None:
            continue
        place = tuple(round(value, 1) for value in fitting.box_xyxy_px)
        key = (*place, fitting.category, fitting.crowd)
        if key in kept:
            remarks.add(DOUBLE, mark.where or name)
        elif places.get(place, fitting.category) != fitting.category:
            remarks.add(TWO_LABELS, mark.where or name)
        kept.setdefault(key, fitting)
        places.setdefault(place, fitting.category)
    return CheckedPhoto(name, group[0].file, size, tuple(kept.values()))


def _differ(group: list[Found]) -> bool:
    """Whether two entries both mark a category, and not the same boxes."""
    boxes: dict[int, set[frozenset[Box]]] = {}
    for one in group:
        for category in {mark.category for mark in one.photo.marks}:
            own = frozenset(mark.box_xyxy_px for mark in one.photo.marks if mark.category == category)
            boxes.setdefault(category, set()).add(own)
    return any(len(several) > 1 for several in boxes.values())


def _fitting(mark: Annotation, size: Hw, name: str, remarks: Remarks) -> Annotation | None:
    """The mark inside the picture; ``None`` where nothing of it is."""
    left, top, right, bottom = mark.box_xyxy_px
    where = f"{mark.where} of {name}" if mark.where else name
    if right <= left or bottom <= top:
        remarks.add(NO_AREA, where)
        return None
    inside = max(left, 0.0), max(top, 0.0), min(right, float(size[1])), min(bottom, float(size[0]))
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        remarks.add(OUTSIDE, where)
        return None
    lost = (right - left) - (inside[2] - inside[0]), (bottom - top) - (inside[3] - inside[1])
    if lost[0] > 0.1 * (right - left) or lost[1] > 0.1 * (bottom - top):
        remarks.add(CLIPPED, where)
    return replace(mark, box_xyxy_px=inside)
