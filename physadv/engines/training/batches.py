"""Training batches: photos and freshly drawn roads, augmented. A batch depends only on seed, epoch and its number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from physadv.core import seeding
from physadv.core.types import SceneBatch
from physadv.engines.training.assign import Targets
from physadv.engines.training.augment import mosaic, occlude, recolour, view
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture
from physadv.library.roads.signs import LABELS, NAMES
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes

Batch = tuple[Tensor, Targets]
QUIET_S = 5.0  # of drawing that need no bar


def road_of(sign: str, config: TrainConfig, *, images: int = 1, seed: int = 0) -> RoadScenes:
    """The road with one kind of sign and up to two others, as the default scene draws it."""
    return RoadScenes(RoadConfig(sign=sign, images=images, seed=seed, distance_m=list(config.distance_m)))


def labelled(scene: SceneBatch, index: int) -> LabelledPicture:
    """One picture of a scene batch, as a photo."""
    rgb = (scene.srgb[index] * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    of_it = scene.image_of == index
    return LabelledPicture(rgb, scene.boxes_xyxy_px[of_it].numpy(), scene.labels[of_it].numpy())


def draw_renders(config: TrainConfig, count: int) -> tuple[LabelledPicture, ...]:
    """Roads with every kind of sign in turn; the same seed draws the same."""
    generator = seeding.generator(config.seed, "renders")
    roads = [road_of(name, config).batches(1, generator) for name in NAMES]
    with tqdm(total=count, desc="drawing", unit="road", file=sys.stderr, leave=False, delay=QUIET_S) as bar:
        drawn = []
        for number in range(count):
            drawn.append(labelled(next(roads[number % len(roads)]), 0))
            bar.update()
    return tuple(drawn)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Pictures to train on, each with the labels that its annotator knew."""

    photos: tuple[LabelledPicture, ...]
    photos_know: npt.NDArray[np.bool_]  # (K,)
    renders: tuple[LabelledPicture, ...]  # every label is known


@dataclass(frozen=True, eq=False)
class EpochBatches(Dataset[Batch]):
    """The batches of one epoch, each made when asked for."""

    config: TrainConfig
    data: TrainingData
    epoch: int

    def __len__(self) -> int:
        return max(1, (len(self.data.photos) + self.config.drawn) // self.config.batch)

    def __getitem__(self, index: int) -> Batch:
        if not 0 <= index < len(self):
            raise IndexError(index)
        draws = seeding.generator(self.config.seed, f"batch/{self.epoch}/{index}")
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
        members = self._order()[index * self.config.batch :][: self.config.batch]
        every = np.ones(len(LABELS), bool)
        samples = [self._sample(is_photo, number, rng) for is_photo, number in members]
        return _stack(samples, np.stack([self.data.photos_know if is_photo else every for is_photo, _ in members]))

    def _order(self) -> list[tuple[bool, int]]:
        """Every photo once and some of the renders, shuffled."""
        draws = seeding.generator(self.config.seed, f"order/{self.epoch}")
        picked = torch.randperm(len(self.data.renders), generator=draws)[: self.config.drawn]
        members = [(True, i) for i in range(len(self.data.photos))] + [(False, int(i)) for i in picked]
        return [members[i] for i in torch.randperm(len(members), generator=draws).tolist()]

    def _sample(self, is_photo: bool, number: int, rng: np.random.Generator) -> LabelledPicture:
        pictures = self.data.photos if is_photo else self.data.renders
        size = self.config.size_px
        if self.epoch < 0.85 * self.config.epochs and rng.random() < self.config.mosaic * is_photo:
            others = [pictures[i] for i in rng.integers(len(pictures), size=3)]
            return _finish(mosaic([pictures[number], *others], size, rng), rng)
        fit = 1.2 * size / max(pictures[number].rgb_u8.shape[:2]) if is_photo else 1.0
        zoom = (0.6 * fit, 1.6 * fit) if is_photo else (0.75, 1.4)
        return _finish(view(pictures[number], size, rng, zoom=zoom, turn_deg=5 * is_photo), rng)


def _finish(picture: LabelledPicture, rng: np.random.Generator) -> LabelledPicture:
    coloured = recolour(picture, rng) if rng.random() < 0.8 else picture
    return occlude(coloured, rng) if rng.random() < 0.3 else coloured


def _stack(samples: Sequence[LabelledPicture], known: npt.NDArray[np.bool_]) -> Batch:
    max_objects = max(1, *(len(s.labels) for s in samples))
    boxes, labels = torch.zeros(len(samples), max_objects, 4), torch.zeros(len(samples), max_objects, dtype=torch.int64)
    real = torch.zeros(len(samples), max_objects, dtype=torch.bool)
    # padding is a box far away, so that no cell lies in it
    boxes += torch.tensor([-1e4, -1e4, -1e4 + 1, -1e4 + 1])
    for row, sample in enumerate(samples):
        count = len(sample.labels)
        boxes[row, :count] = torch.from_numpy(sample.boxes_xyxy_px)
        labels[row, :count] = torch.from_numpy(sample.labels)
        real[row, :count] = True
    images = torch.from_numpy(np.stack([sample.rgb_u8 for sample in samples])).permute(0, 3, 1, 2)
    return images, Targets(boxes, labels, real, torch.from_numpy(known))


def loader(batches: EpochBatches) -> DataLoader[Batch]:
    """Batches in order, made by worker processes ahead of time."""
    workers = batches.config.workers
    return DataLoader(
        batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None,
        generator=torch.Generator().manual_seed(batches.config.seed), worker_init_fn=_one_thread,
    )  # fmt: skip


def _one_thread(_: int) -> None:
    # OpenCV's thread pool does not survive the fork
    cv2.setNumThreads(0)
