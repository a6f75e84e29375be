"""Wavefront OBJ: its points, UVs and faces, and nothing else; what is not a number is refused by its line.

Material files, which an OBJ may name anywhere on the disk, are not opened. trimesh reads the same and more, but takes
"vt 191" and broken numbers as they come, so that the mistake shows as a failure of linear algebra later.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.files.reading import MB, read_bytes

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Corner = tuple[int, int]  # of a face: point and UV, from 0

MAX_BYTES = 256 * MB
_REMEDY = "Export it again as OBJ with UVs, in millimetres."


def read_obj(path: Path) -> tuple[F64, F64, I64]:
    """Points ``(n,3)`` and their UVs ``(n,2)``, one for every pair that a face names, and triangles ``(t,3)``.

    Faces with more than three corners are cut into a fan. A UV's third number is left out. Raises :class:`BadInput` for
    a file without faces, or with a face of fewer than three corners.
    """
    points: list[tuple[float, ...]] = []
    uvs: list[tuple[float, ...]] = []
    rows: dict[Corner, int] = {}
    triangles: list[tuple[int, int, int]] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        word, *rest = line.split() or [""]
        where = f"line {number} of mesh {str(path)!r}"
        if word == "v":
            points.append(_numbers(rest, 3, where))
        elif word == "vt":
            uvs.append(_numbers(rest, 2, where))
        elif word == "f":
            corners = [_corner(text, len(points), len(uvs), where) for text in rest]
            if len(corners) < 3:
                raise BadInput(f"{where}: a face has at least three corners, got {line[:60]!r}. {_REMEDY}")
            first, *others = (rows.setdefault(corner, len(rows)) for corner in corners)
            triangles += [(first, *pair) for pair in pairwise(others)]
    if not triangles:
        raise BadInput(f"mesh {str(path)!r} has no faces. {_REMEDY}")
    return (
        np.array([points[point] for point, _ in rows], np.float64),
        np.array([uvs[uv] for _, uv in rows], np.float64),
        np.array(triangles, np.int64),
    )


def _text(path: Path) -> str:
    """In UTF-8 or, as names in old files are written, any code page: what counts is ASCII."""
    if not path.exists():
        raise BadInput(f"no mesh {str(path)!r}. Name an OBJ file with UVs, in millimetres.")
    data = read_bytes(path, MAX_BYTES)
    return data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").replace("\\\r\n", " ").replace("\\\n", " ")


def _numbers(words: list[str], count: int, where: str) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in words[:count])
    except ValueError:
        values = ()
    if len(values) < count or not all(math.isfinite(value) and abs(value) < 1e9 for value in values):
        raise BadInput(f"{where}: {count} finite numbers are needed, got {' '.join(words)[:60]!r}. {_REMEDY}")
    return values


def _corner(text: str, points: int, uvs: int, where: str) -> Corner:
    """``point/uv`` or ``point/uv/normal``, counted from 1 or, where negative, back from the last."""
    parts = text.split("/")
    if len(parts) < 2 or not parts[1]:
        raise BadInput(f"{where} has no UVs, so nothing says where the print lies. Unwrap it first.")
    try:
        point, uv = int(parts[0]), int(parts[1])
    except ValueError as error:
        raise BadInput(f"{where}: a corner is point/uv in whole numbers, got {text[:40]!r}. {_REMEDY}") from error
    return _row(point, points, "point", where), _row(uv, uvs, "UV", where)


def _row(number: int, count: int, what: str, where: str) -> int:
    row = number - 1 if number > 0 else count + number
    if number == 0 or not 0 <= row < count:
        raise BadInput(f"{where} names {what} {number}, but {count} came before it. {_REMEDY}")
    return row
