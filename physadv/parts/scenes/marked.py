"""Photos with marked objects, whichever format of annotation they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from physadv.library.placement.objects import Box
from physadv.parts.scenes.photo_files import PhotoFiles
from physadv.parts.scenes.remarks import Remarks

Hw = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One object, in pixels of the picture that was annotated."""

    box_xyxy_px: Box
    category: int  # row of MarkedSet.categories
    crowd: bool = False  # one box around many, or an object that the annotators set aside
    where: str = ""  # what to call it in a complaint


@dataclass(frozen=True, slots=True)
class MarkedPhoto:
    """One entry of the annotations; several may name one file."""

    name: str  # as the annotations write it
    size_px: Hw | None  # as the annotations state it
    marks: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class MarkedSet:
    """Annotations as the files have them, unchecked against the photos."""

    source: Path  # the annotations, for messages
    categories: tuple[str, ...]
    photos: tuple[MarkedPhoto, ...]
    files: PhotoFiles
    remarks: Remarks
    corners_possible: bool = field(
        default=False
    )  # whether boxes may be corners by mistake: COCO's are four bare numbers
