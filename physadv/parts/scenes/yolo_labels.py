"""One label file of YOLO: a line an object, ``class x y w h`` in shares of the picture, or an outline's corners."""

from __future__ import annotations

import math
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.library.files.reading import read_text
from physadv.library.placement.objects import Box
from physadv.parts.scenes.marked import Annotation, Hw
from physadv.parts.scenes.photos import size_px
from physadv.parts.scenes.remarks import Remarks

_SLACK = 0.01  # of the picture: exporters round
_OUTLINES = "object(s) are outlines; the boxes round them are used"
_CONFIDENT = "line(s) end in a confidence, as a detector writes them; it is left out. Are these labels made by hand?"


def read_labels(path: Path, photo: Path, classes: int, *, pose: bool, remarks: Remarks) -> tuple[Annotation, ...]:
    """The marks of a photo, in pixels of it as seen upright."""
    if not path.is_file():
        return ()
    lines = read_text(path).splitlines()
    kept = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not kept:
        return ()
    size = size_px(photo)
    return tuple(
        _mark(words, size, classes, f"line {number} of {path}", pose=pose, remarks=remarks) for number, words in kept
    )


def _mark(words: list[str], size: Hw, classes: int, where: str, *, pose: bool, remarks: Remarks) -> Annotation:
    try:
        number, *shares = (float(word) for word in words)
    except ValueError:
        number, shares = math.nan, []
    if not all(map(math.isfinite, (number, *shares))) or number % 1 or len(shares) < 4:
        raise BadInput(f"{where}: a line is 'class x y w h', all numbers, got {' '.join(words)[:60]!r}. Correct it.")
    if not 0 <= number < classes:
        raise BadInput(
            f"{where} has class {number:g}, but the names are 0 to {classes - 1}. Add the name, or correct the line."
        )
    box = _box(shares, where, pose=pose, remarks=remarks)
    if not all(-_SLACK <= share <= 1 + _SLACK for share in shares[: 4 if pose or len(shares) in (4, 5) else None]):
        raise BadInput(
            f"{where}: numbers are shares of the picture, 0 to 1, got {' '.join(words)[:60]!r}. Divide pixels."
        )
    left, top, right, bottom = box
    pixels = left * size[1], top * size[0], right * size[1], bottom * size[0]
    return Annotation(pixels, int(number), where=f"line {where.split()[1]}")


def _box(shares: list[float], where: str, *, pose: bool, remarks: Remarks) -> Box:
    """In shares of the picture."""
    if pose or len(shares) in (4, 5):
        if len(shares) == 5:
            remarks.add(_CONFIDENT, where)
        x, y, width, height = shares[:4]
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if len(shares) % 2 or len(shares) < 6:
        raise BadInput(
            f"{where}: an outline is x y x y …, three corners at least, got {len(shares)} numbers. Correct it."
        )
    remarks.add(_OUTLINES, where)
    return min(shares[0::2]), min(shares[1::2]), max(shares[0::2]), max(shares[1::2])
