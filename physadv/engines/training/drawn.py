"""Drawn pictures to train on and to be judged on: roads with every kind of sign, and streets with people."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import torch
from tqdm import tqdm

from physadv.core import seeding
from physadv.core.labels import index_of
from physadv.core.types import SceneBatch
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture
from physadv.library.roads.signs import LABELS, NAMES
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes

QUIET_S = 5.0  # of drawing that need no bar


def labels_of(config: TrainConfig) -> tuple[str, ...]:
    """What the detector tells apart: ``train.labels``, or the signs of the drawn road."""
    return tuple(config.labels) or LABELS


def road_of(sign: str, config: TrainConfig, *, images: int = 1, seed: int = 0) -> RoadScenes:
    """The road with one kind of sign and up to two others, as the default scene draws it."""
    return RoadScenes(RoadConfig(sign=sign, images=images, seed=seed, distance_m=list(config.distance_m)))


def labelled(scene: SceneBatch, index: int) -> LabelledPicture:
    """One picture of a scene batch, as a photo."""
    rgb = (scene.srgb[index] * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    of_it = scene.image_of == index
    return LabelledPicture(rgb, scene.boxes_xyxy_px[of_it].numpy(), scene.labels[of_it].numpy())


def draw_renders(config: TrainConfig, count: int) -> tuple[LabelledPicture, ...]:
    """``train.drawings`` in turn, roads with every kind of sign in turn; the same seed draws the same.

    Objects that the detector does not know stay in the picture without a label: it shall not take them for others.
    """
    generator = seeding.generator(config.seed, "renders")
    sources = [_DRAWN[name](config, generator) for name in config.drawings]
    with tqdm(total=count, desc="drawing", unit="picture", file=sys.stderr, leave=False, delay=QUIET_S) as bar:
        drawn = []
        for number in range(count):
            drawn.append(next(sources[number % len(sources)]))
            bar.update()
    return tuple(drawn)


def _roads(config: TrainConfig, generator: torch.Generator) -> Iterator[LabelledPicture]:
    roads = [road_of(name, config).batches(1, generator) for name in NAMES]
    while True:
        for road in roads:
            yield known_only(labelled(next(road), 0), LABELS, config)


_DRAWN = {"road": _roads}


def known_only(picture: LabelledPicture, labels: tuple[str, ...], config: TrainConfig) -> LabelledPicture:
    """With rows of the detector's labels in place of the scene's, and without the objects that have none."""
    known = labels_of(config)
    rows = [index_of(name, known) for name in labels]
    own = [rows[label] for label in picture.labels.tolist()]
    kept = np.array([row is not None for row in own], bool)
    found = np.array([row for row in own if row is not None], np.int64)
    return LabelledPicture(picture.rgb_u8, picture.boxes_xyxy_px[kept], found, picture.vague_xyxy_px)
