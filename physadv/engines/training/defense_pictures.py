"""Pictures that a localiser learns from, and those kept apart for its thresholds and for its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from physadv.core import seeding
from physadv.core.errors import BadInput
from physadv.engines.training.defense_lessons import Lesson
from physadv.engines.training.defense_options import DefenseTraining
from physadv.engines.training.drawn import draw_renders
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.patch_families import Families, families, read_patches
from physadv.engines.training.photos import F32, U8
from physadv.engines.training.worn_patches import Wear, filed, worn
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb, picture_formats

WITH_PATCH = 0.65
"""Share of the crops that get a patch, of a defence that learns from patches; a quarter of these get a second one."""

FILED = 0.5
"""Share of the crops that pass through a JPEG file once more."""


@dataclass(frozen=True)
class DefensePictures:
    """No picture is in two of them."""

    learned: tuple[U8, ...]
    thresholds: tuple[U8, ...]
    figures: tuple[U8, ...]
    families: Families


def gather(config: DefenseTraining) -> DefensePictures:
    """Read photos and patches, draw roads, and deal them out; the same seed deals alike.

    Raises :class:`BadInput` for folders without pictures, and for too few.
    """
    patches, held_out = read_patches(config.patches), read_patches(config.held_out_patches)
    figures = read_pictures(config.validate, config.size_px) if config.validate else ()
    photos = read_pictures(config.photos, config.size_px)
    roads = TrainConfig(seed=config.seed, renders=config.renders)
    renders = [picture.rgb_u8 for picture in draw_renders(roads, config.renders)] if config.renders else []
    pictures = [*photos, *(shrunk(render, config.size_px) for render in renders)]
    order = torch.randperm(len(pictures), generator=seeding.generator(config.seed, "apart")).tolist()
    cut = round(config.thresholds * len(pictures))
    if not 0 < cut < len(pictures):
        raise BadInput(f"{len(pictures)} pictures cannot be dealt into two parts: give train.photos more, 100 or so")
    apart, learned = ([pictures[i] for i in part] for part in (order[:cut], order[cut:]))
    made = families(learned, list(patches.values()), held_out)
    return DefensePictures(tuple(learned), tuple(apart), tuple(figures), made)


def read_pictures(folder: str, longest_px: int) -> tuple[U8, ...]:
    """All photos of a folder, by name, shrunk to ``longest_px``. Raises :class:`BadInput` where there are none."""
    if not Path(folder).is_dir():
        raise BadInput(f"no such folder: {folder!r}. Name one with photos without patches")
    files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in picture_formats())
    if not files:
        raise BadInput(f"no photo in {folder!r}. Name the folder that holds the pictures themselves, as PEOPLE/images")
    return tuple(shrunk(np.asarray(rgb_u8_from_srgb(load_srgb(path)), np.uint8), longest_px) for path in files)


def shrunk(picture: U8, longest_px: int) -> U8:
    """The picture, its longer side at most ``longest_px``."""
    scale = longest_px / max(picture.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(picture)
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def batch_of(
    data: DefensePictures, lesson: Lesson, config: DefenseTraining, step: int, size: int
) -> tuple[Tensor, Tensor]:
    """Crops ``(B,3,s,s)`` of step ``step`` and the patch's share of their pixels ``(B,1,s,s)``; from the seed alone."""
    draws = seeding.generator(config.seed, f"batch/{step}")
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
    crops, shares = zip(*(_crop(data, lesson, rng) for _ in range(size)), strict=True)
    images = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    return images.contiguous(), torch.from_numpy(np.stack(shares))[:, None]


def _crop(data: DefensePictures, lesson: Lesson, rng: np.random.Generator) -> tuple[U8, F32]:
    picture = _cut(data.learned[rng.integers(len(data.learned))], lesson, rng)
    share = np.zeros(picture.shape[:2], np.float32)
    if lesson.with_patches and rng.random() < WITH_PATCH:
        names = list(data.families.learned)
        for _ in range(1 + int(rng.random() < 0.25)):
            patch = data.families.learned[names[rng.integers(len(names))]](rng)
            picture, more = worn(picture, patch, rng, Wear())
            share = np.maximum(share, more)
    return (filed(picture, rng) if rng.random() < FILED else picture), share


def _cut(picture: U8, lesson: Lesson, rng: np.random.Generator) -> U8:
    """A square of the picture about as large as the defence sees it; small pictures go on as their mirror image."""
    whole = shrunk(picture, max(lesson.crop_px // 2, round(lesson.longest_px * rng.uniform(0.75, 1.0))))
    short = [max(0, lesson.crop_px - side) for side in whole.shape[:2]]
    if any(short):
        whole = np.asarray(cv2.copyMakeBorder(whole, 0, short[0], 0, short[1], cv2.BORDER_REFLECT), np.uint8)
    top, left = (int(rng.integers(0, side - lesson.crop_px + 1)) for side in whole.shape[:2])
    cut = whole[top : top + lesson.crop_px, left : left + lesson.crop_px]
    return np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.5 else cut)


def as_images(pictures: Sequence[U8]) -> Tensor:
    """Pictures of one size → ``(B,3,H,W)`` in [0, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().float() / 255
