"""Drawn pictures to train on and to be judged on: roads with every kind of sign, and streets with people."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import torch
from tqdm import tqdm

from physadv.core import seeding
from physadv.core.errors import BadOption
from physadv.core.labels import index_of
from physadv.core.types import SceneBatch
from physadv.engines.training.cutouts import Cutout
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture
from physadv.library.people.drawing import draw_person, some_person, some_sun, srgb_from_linear
from physadv.library.roads.signs import LABELS, NAMES
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes
from physadv.parts.scenes.street import StreetScenes
from physadv.parts.scenes.street_options import StreetConfig

PERSON = "person"  # as the street calls its people
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
    boxes, labels = scene.boxes_xyxy_px[of_it], scene.labels[of_it]
    crowds = torch.zeros_like(labels, dtype=torch.bool) if scene.crowds is None else scene.crowds[of_it]
    return LabelledPicture(rgb, boxes[~crowds].numpy(), labels[~crowds].numpy(), boxes[crowds].numpy())


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


def street_of(*, images: int = 1, seed: int = 0) -> StreetScenes:
    """People near and far, turned this way and that."""
    return StreetScenes(StreetConfig(images=images, seed=seed, distance_m=[2.0, 18.0], yaw_deg=[-80.0, 80.0]))


def _streets(config: TrainConfig, generator: torch.Generator) -> Iterator[LabelledPicture]:
    for scene in street_of().batches(1, generator):
        yield known_only(labelled(scene, 0), (PERSON,), config)


_DRAWN = {"road": _roads, "street": _streets}


def drawn_cutouts(config: TrainConfig) -> tuple[Cutout, ...]:
    """``train.drawn_cutouts`` people before nothing, as tall as cut-outs of photos are.

    Raises :class:`BadOption` where the detector does not know people.
    """
    label = index_of(PERSON, labels_of(config))
    if label is None:
        raise BadOption("train.drawn_cutouts are of people, and train.labels has no person: leave it 0.")
    draws = seeding.generator(config.seed, "drawn cutouts")
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
    people = (_alone(rng, label) for _ in range(config.drawn_cutouts))
    return tuple(person for person in people if person is not None)


def _alone(rng: np.random.Generator, label: int) -> Cutout | None:
    tall, away = float(rng.uniform(90, 200)), float(rng.uniform(2.5, 9))
    person = some_person(rng)
    focal = tall * away / person.figure.build.stature_m
    rise = float(rng.uniform(0.8, 1.8))
    camera = np.array([[focal, 0, 1.25 * tall], [0, focal, 1.3 * tall - focal * rise / away], [0, 0, 1.0]])
    size, yaw = (round(2.5 * tall), round(1.5 * tall)), float(rng.uniform(-180, 180))
    cut = draw_person(person, np.array([0, rise, away]), yaw, camera, size, some_sun(rng), ())
    if cut is None:
        return None
    alpha = np.asarray(cut.rgba[..., 3], np.float32)
    colours = srgb_from_linear(np.asarray(cut.rgba[..., :3] / np.maximum(alpha, 1e-3)[..., None], np.float32))
    ys, xs = np.nonzero(alpha > 0.5)
    part = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    rgb = (colours[part] * 255).round().astype(np.uint8)
    return Cutout(np.ascontiguousarray(rgb), np.ascontiguousarray(alpha[part], np.float32), label)


def known_only(picture: LabelledPicture, labels: tuple[str, ...], config: TrainConfig) -> LabelledPicture:
    """With rows of the detector's labels in place of the scene's, and without the objects that have none."""
    known = labels_of(config)
    rows = [index_of(name, known) for name in labels]
    own = [rows[label] for label in picture.labels.tolist()]
    kept = np.array([row is not None for row in own], bool)
    found = np.array([row for row in own if row is not None], np.int64)
    return LabelledPicture(picture.rgb_u8, picture.boxes_xyxy_px[kept], found, picture.vague_xyxy_px)
