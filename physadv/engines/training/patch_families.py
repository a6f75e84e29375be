"""Families of patches that localisers are trained and measured on.

Those that are measured as unseen are other makes, not other draws: held out by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from physadv.core.errors import BadInput
from physadv.engines.training.photos import U8
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb, picture_formats

Family = Callable[[np.random.Generator], U8]
"""Makes a patch ``(s,s,3)``."""

SIDE_PX = 96


@dataclass(frozen=True)
class Families:
    """By name: those to learn from, and those that are never learned from."""

    learned: dict[str, Family]
    held_out: dict[str, Family]


def families(photos: Sequence[U8], patches: Sequence[U8], held_out: dict[str, U8]) -> Families:
    """``photos`` are cut for natural pictures; ``patches`` are one family, ``held_out`` one each."""
    learned: dict[str, Family] = {"random": random_cells, "low-frequency": low_frequency, "natural": _Natural(photos)}
    if patches:
        learned["optimised"] = _OneOf(patches)
    unseen: dict[str, Family] = {"stripes": stripes, "cells": voronoi_cells, "shuffled": _Shuffled(photos)}
    return Families(learned, unseen | {name: _OneOf([patch]) for name, patch in held_out.items()})


def read_patches(folder: str) -> dict[str, U8]:
    """Pictures by name, ``(SIDE_PX,SIDE_PX,3)``; none where no folder is named.

    Raises :class:`BadInput` where there is no such folder, or no picture in it.
    """
    if not folder:
        return {}
    if not Path(folder).is_dir():
        raise BadInput(f"no such folder of patches: {folder!r}. Name one with pictures of patches")
    files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in picture_formats())
    if not files:
        raise BadInput(
            f"no picture of a patch in {folder!r}. Put the patch.png of runs there, under names of their own"
        )
    return {path.stem: _resized(np.asarray(rgb_u8_from_srgb(load_srgb(path)), np.uint8)) for path in files}


def random_cells(rng: np.random.Generator) -> U8:
    """A chequer of random colours, 2 to 24 cells a side: also the control of a trial."""
    count = int(np.exp(rng.uniform(np.log(2), np.log(24.99))))
    return _resized(rng.integers(0, 256, (count, count, 3)).astype(np.uint8), cv2.INTER_NEAREST)


def low_frequency(rng: np.random.Generator) -> U8:
    """Smooth random colours, as of a patch whose total variation was held low."""
    count = int(rng.integers(3, 9))
    return _resized(rng.integers(0, 256, (count, count, 3)).astype(np.uint8), cv2.INTER_CUBIC)


def stripes(rng: np.random.Generator) -> U8:
    """Waves of random direction, length and phase in every colour."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    waves = []
    for _ in range(3):
        angle, length = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(5), np.log(40)))
        phase = (x * np.cos(angle) + y * np.sin(angle)) / length + rng.uniform()
        waves.append(np.sin(2 * np.pi * phase))
    return np.asarray((np.stack(waves, -1) + 1) * 127.5, np.uint8)


def voronoi_cells(rng: np.random.Generator) -> U8:
    """Cells of random places and colours."""
    count = int(rng.integers(8, 60))
    places, colours = rng.uniform(0, SIDE_PX, (count, 2)), rng.integers(0, 256, (count, 3))
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    nearest = ((x[..., None] - places[:, 0]) ** 2 + (y[..., None] - places[:, 1]) ** 2).argmin(-1)
    return np.asarray(colours[nearest], np.uint8)


@dataclass(frozen=True)
class _OneOf:
    patches: Sequence[U8]

    def __call__(self, rng: np.random.Generator) -> U8:
        turned = np.rot90(self.patches[int(rng.integers(len(self.patches)))], int(rng.integers(4)))
        return np.ascontiguousarray(turned)


@dataclass(frozen=True)
class _Natural:
    """Cuts of photos, more colourful than they were."""

    photos: Sequence[U8]

    def __call__(self, rng: np.random.Generator) -> U8:
        photo = self.photos[int(rng.integers(len(self.photos)))]
        side = int(rng.uniform(0.25, 0.6) * min(photo.shape[:2]))
        top, left = (int(rng.integers(0, size - side + 1)) for size in photo.shape[:2])
        cut = _resized(photo[top : top + side, left : left + side])
        hsv = cv2.cvtColor(cut, cv2.COLOR_RGB2HSV)
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(1, 2), 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


@dataclass(frozen=True)
class _Shuffled:
    """Cuts of photos in 6 × 6 tiles that changed places."""

    photos: Sequence[U8]

    def __call__(self, rng: np.random.Generator) -> U8:
        tile = SIDE_PX // 6
        cut = _Natural(self.photos)(rng).reshape(6, tile, 6, tile, 3).swapaxes(1, 2).reshape(36, tile, tile, 3)
        mixed = cut[rng.permutation(36)].reshape(6, 6, tile, tile, 3).swapaxes(1, 2)
        return np.ascontiguousarray(mixed.reshape(SIDE_PX, SIDE_PX, 3))


def _resized(patch: U8, how: int = cv2.INTER_AREA) -> U8:
    return np.asarray(cv2.resize(patch, (SIDE_PX, SIDE_PX), interpolation=how), np.uint8)
