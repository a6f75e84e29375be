"""MAITE's models, data sets and augmentations as parts of physadv, and ours as MAITE's.

Importing this imports neither torch nor MAITE.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from physadv.api import Entry, hookimpl
from physadv_maite import options
from physadv_maite.options import (
    MaiteClassifierConfig,
    MaiteDefenseConfig,
    MaitePicturesConfig,
    MaiteScenesConfig,
    MaiteVictimConfig,
)

if TYPE_CHECKING:  # it would import torch
    from physadv.api import Defense, SceneSource, Victim

physadv_api = 2
physadv_permissions = ()

SOURCE = "github.com/mit-ll-ai-technology/maite"


def _build_detector(config: MaiteVictimConfig) -> Victim:
    options.check_victim(config)
    from physadv_maite.victim import build

    return build(config)


def _build_classifier(config: MaiteClassifierConfig) -> Victim:
    options.check_classifier(config)
    from physadv_maite.classifier_victim import build

    return build(config)


def _build_scenes(config: MaiteScenesConfig) -> SceneSource:
    options.check_scenes(config)
    from physadv_maite.scenes import build

    return build(config)


def _build_pictures(config: MaitePicturesConfig) -> SceneSource:
    options.check_pictures(config)
    from physadv_maite.labelled import build

    return build(config)


def _build_defense(config: MaiteDefenseConfig) -> Defense:
    options.check_named("defense.augmentation", config.augmentation)
    options.check_range("defense.input_range", config.input_range)
    from physadv_maite.corrupted import build

    return build(config)


@hookimpl
def physadv_victims() -> Iterable[Entry[Any, Victim]]:
    """Offer ``victim=maite`` and ``victim=maite/classifier``."""
    return [
        Entry("maite", MaiteVictimConfig, _build_detector, "a MAITE object detector as a black box", SOURCE),
        Entry(
            "maite/classifier", MaiteClassifierConfig, _build_classifier, "a MAITE classifier as a black box", SOURCE
        ),
    ]


@hookimpl
def physadv_scenes() -> Iterable[Entry[Any, SceneSource]]:
    """Offer ``scenes=maite`` and ``scenes=maite/pictures``."""
    return [
        Entry("maite", MaiteScenesConfig, _build_scenes, "a MAITE object-detection data set", SOURCE),
        Entry("maite/pictures", MaitePicturesConfig, _build_pictures, "a MAITE image-classification data set", SOURCE),
    ]


@hookimpl
def physadv_defenses() -> Iterable[Entry[Any, Defense]]:
    """Offer ``defense=maite``."""
    text = "a MAITE augmentation (NRTK's haze, blur, ...) of what the victim sees; the gradient passes straight through"
    return [Entry("maite", MaiteDefenseConfig, _build_defense, text, SOURCE)]
