"""Handwritten digits of 8 x 8 pixels, which come with the package (``data/README.md`` says from where)."""

from __future__ import annotations

from importlib import resources

import numpy as np

from physadv.library.datasets.labelled import LabelledArrays

NAMES = tuple("0123456789")
_JUDGED = 400  # the last ones; pictures are in the order of their writers, so most of these wrote nothing before
_INK = 16  # of a cell that is full


def digits() -> LabelledArrays:
    """1,797 digits, white on black: 1,397 to train on, 400 to judge on."""
    packaged = resources.files("physadv.library.datasets") / "data" / "digits.npz"
    with packaged.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        ink, classes = stored["x"].astype(np.float64), stored["y"].astype(np.int64)
    grey = np.round(ink / _INK * 255).astype(np.uint8)
    return LabelledArrays("digits", grey, classes, NAMES, np.arange(len(classes)) >= len(classes) - _JUDGED)
