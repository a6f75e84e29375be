"""Read a ``.npz`` of labelled pictures: ``x`` (N,H,W,3) uint8, ``y`` (N,) and, if it has them, ``names`` of classes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.files import reading

logger = logging.getLogger(__name__)

MAX_BYTES = 4_000_000_000  # of the pictures in memory
MAX_CLASSES = 100_000

Stored = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Arrays:
    """Contents of the file."""

    rgb_u8: Tensor  # (N, H, W, 3)
    classes: list[int]
    names: tuple[str, ...]
    keys: tuple[str, ...]  # from ``name`` (N,) where the file has it, else numbers

    @property
    def size_px(self) -> tuple[int, int]:
        return self.rgb_u8.shape[1], self.rgb_u8.shape[2]


def read_arrays(path: Path, wanted: tuple[str, ...]) -> Arrays:
    """Check everything that later code relies on; ``wanted`` names win over the file's.

    Raises :class:`BadInput` for arrays of other names, shapes or types.
    """
    stored = _load(path)
    x, y = stored.get("x"), stored.get("y")
    if x is None or y is None:
        raise BadInput(
            f"{str(path)!r} needs arrays x and y, but holds {', '.join(stored) or 'nothing'}. "
            "Save it with numpy.savez(path, x=pictures, y=classes)."
        )
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] != 3 or not x.size:
        raise BadInput(f"x of {str(path)!r} must be (N, H, W, 3) uint8 in RGB, got {x.shape} {x.dtype}.")
    if not np.issubdtype(y.dtype, np.integer) or y.shape != x.shape[:1] or y.min() < 0:
        raise BadInput(f"y of {str(path)!r} must be ({len(x)},) class numbers from 0, got {y.shape} {y.dtype}.")
    if (highest := int(y.max())) >= MAX_CLASSES:
        raise BadInput(f"y of {str(path)!r} goes up to {highest}; class numbers count from 0 without large gaps.")
    return Arrays(torch.from_numpy(x), y.tolist(), _names(stored, wanted, highest, path), _keys(stored, len(x)))


def _load(path: Path) -> Stored:
    if not path.exists():
        raise BadInput(f"no such file: {str(path)!r}. scenes.root is a folder of classes, or a .npz with x and y.")
    return reading.read_arrays(path, MAX_BYTES)


def _names(stored: Stored, wanted: tuple[str, ...], highest: int, path: Path) -> tuple[str, ...]:
    own = tuple(map(str, stored["names"].tolist())) if "names" in stored and stored["names"].ndim == 1 else ()
    if not wanted and not own:
        logger.info("%s names no classes: they are class0 to class%d here; give scenes.names", path, highest)
    names = wanted or own or tuple(f"class{number}" for number in range(highest + 1))
    if len(names) <= highest:
        raise BadInput(f"y of {str(path)!r} goes up to {highest}, but there are {len(names)} names. Name every class.")
    return names


def _keys(stored: Stored, count: int) -> tuple[str, ...]:
    given = tuple(map(str, stored["name"].tolist())) if "name" in stored and stored["name"].ndim == 1 else ()
    return given if len(set(given)) == count else tuple(f"{number:06d}" for number in range(count))
