"""Where the object that wears the print is expected, whether a detector reports it or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOption
from physadv.core.labels import canonical
from physadv.library.placement.object_sizes import object_height_mm
from physadv.library.placement.torso import CHEST, CHIN, FACE

F64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

MIN_VISIBLE = 0.5  # share of the object that must be in the picture
_WIDTH = {
    "person": 600 / 1700, "face": 150 / 190, "stop sign": 1.0, "speed limit": 1.0, "crosswalk": 1.0,
    "traffic light": 0.35,
}  # fmt: skip
"""Usual width as a share of the height. A person: shoulders, and arms a little apart."""
_DEEP = {"person": 350 / 600, "face": 0.9}
"""Width from the side as a share of the width from the front: bodies are no boards."""


@dataclass(frozen=True, slots=True)
class FilmedWearer:
    """The object that wears the print, flat as the print and in its plane."""

    label: str
    size_mm: tuple[float, float]
    board_at_mm: tuple[float, float] = (0.0, 0.0)  # the print's centre in the object's frame, x right, y down

    def box(self, image_from_board: F64, size_px: tuple[int, int]) -> Box | None:
        """Its box in a picture of ``size_px`` (width, height); ``None`` where too little of it is in the picture."""
        (width, height), (x, y) = self.size_mm, self.board_at_mm
        across, down = (_outline(canonical(self.label)) * (width / 2, height / 2) - (x, y)).T
        seen = np.column_stack((across, down, np.ones(len(across)))) @ image_from_board.T
        if (seen[:, 2] * image_from_board[2, 2] <= 1e-9).any():
            return None  # part of it would be behind the camera
        points = seen[:, :2] / seen[:, 2:] + 0.5
        (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        min_width = _DEEP.get(canonical(self.label), 0.0) * (bottom - top) * width / height
        if (lacking := min_width - (right - left)) > 0:
            left, right = left - lacking / 2, right + lacking / 2
        clipped = (max(left, 0.0), max(top, 0.0), min(right, float(size_px[0])), min(bottom, float(size_px[1])))
        whole = (right - left) * (bottom - top)
        shown = max(clipped[2] - clipped[0], 0.0) * max(clipped[3] - clipped[1], 0.0)
        return clipped if whole > 0 and shown >= MIN_VISIBLE * whole else None


def _outline(kind: str) -> F64:
    """``(n, 2)`` from -1 to 1: the corners of a rectangle have no part in an octagon's or a disc's box."""
    if kind == "speed limit":
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        return np.stack((np.cos(angle), np.sin(angle)), 1)
    cut = np.sqrt(2) - 1 if kind == "stop sign" else 1.0
    return np.array([(sx * a, sy * b) for sx in (-1, 1) for sy in (-1, 1) for a, b in ((1, cut), (cut, 1))])


def wearer(label: str, object_mm: Sequence[float], board_at_mm: Sequence[float] | None) -> FilmedWearer:
    """Fill in what is usual for the label, or say what must be given.

    Raises :class:`BadOption` for sizes that are no pair of millimetres, or where the label has no usual size.
    """
    if len(object_mm) not in (0, 2) or any(not v > 0 for v in object_mm):
        raise BadOption(f"object_mm must be [width, height] in millimetres, got {list(object_mm)}")
    if board_at_mm is not None and len(board_at_mm) != 2:
        raise BadOption(f"board_at_mm must be [x, y] in millimetres, got {list(board_at_mm)}")
    kind = canonical(label)
    if object_mm:
        width, height = (float(v) for v in object_mm)
    elif kind in _WIDTH:
        height = object_height_mm(label, 0.0)
        width = height * _WIDTH[kind]
    else:
        raise BadOption(
            f"how large is a {label!r}? That is known for {', '.join(sorted(_WIDTH))}. Give object_mm=[width,height]"
        )
    x, y = (float(v) for v in board_at_mm) if board_at_mm is not None else (0.0, _usual_y(kind) * height)
    return FilmedWearer(label, (width, height), (x, y))


def _usual_y(kind: str) -> float:
    """How far below the object's centre a print is worn, in heights of the object: on the chest, or in its middle."""
    if kind == "person":
        return CHEST - 0.5
    return (CHEST - CHIN + FACE / 2) / FACE if kind == "face" else 0.0
