"""What all parts of a body share: tables of sections, wrinkles, frames along a bone."""

from __future__ import annotations

import cv2
import numpy as np

from physadv.library.people.mesh import F64


def scaled_count(number: int, detail: float) -> int:
    return max(round(number * detail), 6)


def interpolated(table: F64, at: F64, column: int) -> F64:
    order = np.argsort(table[:, 0])
    return np.asarray(np.interp(at, table[order, 0], table[order, column]))


def wrinkles(rng: np.random.Generator, rows: int, columns: int, cells: tuple[int, int]) -> F64:
    """``(rows, columns)`` smooth noise of unit spread that closes round a tube."""
    coarse = rng.standard_normal((cells[0], cells[1])).astype(np.float32)
    closed = np.concatenate([coarse, coarse[:, :1]], 1)
    return np.asarray(cv2.resize(closed, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float64)


def repeated(vector: F64, count: int) -> F64:
    return np.broadcast_to(vector, (count, 3))
