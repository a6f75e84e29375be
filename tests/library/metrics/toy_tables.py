"""Small tables, written out."""

from __future__ import annotations

import numpy as np

from physadv.library.metrics.tables import Findings, Truth

BOX = (0.0, 0.0, 100.0, 100.0)
FAR = (300.0, 0.0, 400.0, 100.0)

Row = tuple[int, tuple[float, ...], float, int]  # view, box, score, category


def truth_of(
    *objects: tuple[int, tuple[float, ...], int],
    images: int = 1,
    draws: int = 1,
    judged: tuple[bool, ...] | None = None,
) -> Truth:
    """Objects as (view, box, category). Views of one image follow one another; objects are numbered by their row."""
    count = len(objects)
    flags = np.ones(count, dtype=np.bool_) if judged is None else np.array(judged, dtype=np.bool_)
    return Truth(
        np.repeat(np.arange(images), draws),
        np.array([o[0] for o in objects], dtype=np.int64),
        np.arange(count),
        np.array([o[1] for o in objects], dtype=float).reshape(-1, 4),
        np.array([o[2] for o in objects], dtype=np.int64),
        flags,
        np.zeros(count, dtype=np.bool_),
    )


def found(*rows: Row) -> Findings:
    return Findings(
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=float).reshape(-1, 4),
        np.array([r[2] for r in rows], dtype=float),
        np.array([r[3] for r in rows], dtype=np.int64),
    )
