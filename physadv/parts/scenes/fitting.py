"""Boxes onto photos: the picture that was annotated may be the file's raster before EXIF turned it, or another size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.library.placement.objects import Box
from physadv.parts.scenes.marked import Annotation, Hw, MarkedPhoto
from physadv.parts.scenes.photos import Header
from physadv.parts.scenes.remarks import Remarks, shortened

TURNED = "photo(s) were annotated as stored, before EXIF turns them; their boxes are turned along"
UNSURE = "photo(s) have an EXIF turn that does not show in their size; boxes are taken as of the upright picture"
SCALED = "photo(s) are of another size than when annotated; their boxes are scaled along"
MISSTATED = "photo(s) have another size than stated, which all boxes fit; the stated size is ignored"


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of the annotations with its file."""

    photo: MarkedPhoto
    file: Path
    header: Header


def fitted(found: list[Found], source: Path, remarks: Remarks) -> list[Found]:
    """The same with all boxes in pixels of the upright file; what fits no way is refused, with a count."""
    as_stored = [_as_stored(one) for one in found]
    # one tool made all of them: what its clear cases say holds for those that could be either
    habit = True in as_stored and False not in as_stored
    unfit: list[str] = []
    placed = []
    for one, stored in zip(found, as_stored, strict=True):
        turned = habit if stored is None else stored
        if stored is None and not habit and one.header.orientation != 1:
            remarks.add(UNSURE, one.photo.name)
        placed.append(_placed(one, turned, remarks, unfit))
    if unfit:
        raise BadInput(
            f"{source}: {len(unfit)} photo(s) are of another shape than annotated, so boxes would not fit: "
            f"{shortened(unfit)}. Use the images that were annotated."
        )
    return placed


def _as_stored(one: Found) -> bool | None:
    """Whether the annotations are of the raster as stored; ``None`` where both are possible."""
    upright, stored = one.header.size_px, one.header.stored_px
    if one.header.orientation == 1:
        return None
    if upright != stored and one.photo.size_px is not None:
        like = _like(one.photo.size_px, stored), _like(one.photo.size_px, upright)
        return like[0] if like[0] != like[1] else None
    if upright != stored and one.photo.marks:
        fits = _all_fit(one.photo, stored), _all_fit(one.photo, upright)
        return fits[0] if fits[0] != fits[1] else None
    return None


def _placed(one: Found, turned: bool, remarks: Remarks, unfit: list[str]) -> Found:
    turned = turned and one.header.orientation != 1
    frame = one.header.stored_px if turned else one.header.size_px
    stated = one.photo.size_px or frame
    if stated != frame and not _all_fit(one.photo, stated) and _all_fit(one.photo, frame):
        remarks.add(MISSTATED, one.photo.name)
        stated = frame
    if not _like(stated, frame):
        size = one.header.size_px
        unfit.append(f"{one.photo.name!r} is {size[1]}x{size[0]} pixels, annotated as {stated[1]}x{stated[0]}")
        return one
    if stated != frame:
        remarks.add(SCALED, one.photo.name)
    if turned:
        remarks.add(TURNED, one.photo.name)
    scale_x, scale_y = frame[1] / stated[1], frame[0] / stated[0]
    orientation = one.header.orientation if turned else 1
    marks = tuple(_moved(mark, scale_x, scale_y, orientation, frame) for mark in one.photo.marks)
    return replace(one, photo=replace(one.photo, size_px=one.header.size_px, marks=marks))


def _moved(mark: Annotation, scale_x: float, scale_y: float, orientation: int, frame: Hw) -> Annotation:
    left, top, right, bottom = mark.box_xyxy_px
    box = left * scale_x, top * scale_y, right * scale_x, bottom * scale_y
    return replace(mark, box_xyxy_px=upright_box(box, orientation, frame))


def upright_box(box: Box, orientation: int, stored_px: Hw) -> Box:
    """A box of the stored raster where EXIF's ``orientation`` puts it (TIFF 6.0, tag 274)."""
    height, width = stored_px
    left, top, right, bottom = box
    if orientation in (2, 3, 7, 8):
        left, right = width - right, width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = height - bottom, height - top
    return (top, left, bottom, right) if orientation >= 5 else (left, top, right, bottom)


def _like(one: Hw, other: Hw) -> bool:
    """Of the same shape, to the rounding of a size in pixels."""
    if one == other:
        return True
    scale = max(one) / max(other)
    return all(abs(a - b * scale) <= 0.51 * max(1.0, scale) + 0.01 for a, b in zip(one, other, strict=True))


def _all_fit(photo: MarkedPhoto, size: Hw) -> bool:
    """Whether every box lies inside, but for two pixels."""
    return all(mark.box_xyxy_px[2] <= size[1] + 2 and mark.box_xyxy_px[3] <= size[0] + 2 for mark in photo.marks)
