"""Training batches: photos and drawn pictures, augmented. A batch depends only on seed, epoch and its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from physadv.core import seeding
from physadv.engines.training.assign import Targets
from physadv.engines.training.augment import Variation, blend, mosaic, occlude, recolour, view
from physadv.engines.training.cutouts import Cutout, pasted
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import F32, LabelledPicture

Batch = tuple[Tensor, Targets]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Pictures to train on, each with the labels that its annotator knew."""

    photos: tuple[LabelledPicture, ...]
    photos_know: npt.NDArray[np.bool_]  # (K,)
    renders: tuple[LabelledPicture, ...]  # every label is known
    cutouts: tuple[Cutout, ...] = ()  # of the photos' objects

    @cached_property
    def empty(self) -> tuple[int, ...]:
        """Photos with nothing of interest in them."""
        return tuple(i for i, p in enumerate(self.photos) if not len(p.labels) and not len(p.vague_xyxy_px))

    def photos_an_epoch(self, config: TrainConfig) -> int:
        """All with objects and ``train.empties`` of the others."""
        return len(self.photos) - len(self.empty) + round(config.empties * len(self.empty))


@dataclass(frozen=True, eq=False)
class EpochBatches(Dataset[Batch]):
    """The batches of one epoch, each made when asked for."""

    config: TrainConfig
    data: TrainingData
    epoch: int

    def __len__(self) -> int:
        return max(1, (self.data.photos_an_epoch(self.config) + self.config.drawn) // self.config.batch)

    def __getitem__(self, index: int) -> Batch:
        if not 0 <= index < len(self):
            raise IndexError(index)
        draws = seeding.generator(self.config.seed, f"batch/{self.epoch}/{index}")
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
        members = self._order()[index * self.config.batch :][: self.config.batch]
        every = np.ones_like(self.data.photos_know)
        samples = [self._sample(is_photo, number, rng) for is_photo, number in members]
        return _stack(samples, np.stack([self.data.photos_know if is_photo else every for is_photo, _ in members]))

    def _order(self) -> list[tuple[bool, int]]:
        """Every photo once, or as many of the empty ones as are due, and some of the renders, shuffled."""
        draws = seeding.generator(self.config.seed, f"order/{self.epoch}")
        picked = torch.randperm(len(self.data.renders), generator=draws)[: self.config.drawn]
        skipped = self._skipped()
        members = [(True, i) for i in range(len(self.data.photos)) if i not in skipped]
        members += [(False, int(i)) for i in picked]
        return [members[i] for i in torch.randperm(len(members), generator=draws).tolist()]

    def _skipped(self) -> set[int]:
        count = len(self.data.photos) - self.data.photos_an_epoch(self.config)
        draws = seeding.generator(self.config.seed, f"skipped/{self.epoch}")
        order = torch.randperm(len(self.data.empty), generator=draws).tolist() if count else []
        return {self.data.empty[i] for i in order[:count]}

    def _sample(self, is_photo: bool, number: int, rng: np.random.Generator) -> LabelledPicture:
        config, size = self.config, self.config.size_px
        variation = Variation(config.mirror, config.squeeze, config.antialias, config.faint)
        tiled = self.epoch < 0.85 * config.epochs and rng.random() < config.mosaic * is_photo
        if not is_photo:
            render = self.data.renders[number]
            zoom = config.drawn_zoom[0], config.drawn_zoom[1]
            return _finish(view(render, size, rng, zoom=zoom, turn_deg=0, variation=variation), rng)
        if tiled:
            others = [self._photo(int(i), rng) for i in rng.integers(len(self.data.photos), size=3)]
            return _finish(mosaic([self._photo(number, rng), *others], size, rng, variation), rng)
        photo = self._photo(number, rng)
        sample = view(photo, size, rng, zoom=self._zoom(photo), turn_deg=config.turn_deg, variation=variation)
        if config.blend and self.data.empty and rng.random() < config.blend:
            empty = self.data.photos[self.data.empty[rng.integers(len(self.data.empty))]]
            through = view(empty, size, rng, zoom=self._zoom(empty), turn_deg=config.turn_deg, variation=variation)
            sample = blend(sample, through, rng)
        return _finish(sample, rng)

    def _photo(self, number: int, rng: np.random.Generator) -> LabelledPicture:
        photo = self.data.photos[number]
        if self.data.cutouts and rng.random() < self.config.pasted:
            return pasted(photo, self.data.cutouts, rng)
        return photo

    def _zoom(self, photo: LabelledPicture) -> tuple[float, float]:
        fit = 1.2 * self.config.size_px / max(photo.rgb_u8.shape[:2])
        return self.config.zoom[0] * fit, self.config.zoom[1] * fit


def _finish(picture: LabelledPicture, rng: np.random.Generator) -> LabelledPicture:
    coloured = recolour(picture, rng) if rng.random() < 0.8 else picture
    return occlude(coloured, rng) if rng.random() < 0.3 else coloured


def _stack(samples: Sequence[LabelledPicture], known: npt.NDArray[np.bool_]) -> Batch:
    boxes = _padded([sample.boxes_xyxy_px for sample in samples])
    labels, real = torch.zeros(boxes.shape[:2], dtype=torch.int64), torch.zeros(boxes.shape[:2], dtype=torch.bool)
    for row, sample in enumerate(samples):
        count = len(sample.labels)
        labels[row, :count] = torch.from_numpy(sample.labels)
        real[row, :count] = True
    vague = _padded([sample.vague_xyxy_px for sample in samples])
    images = torch.from_numpy(np.stack([sample.rgb_u8 for sample in samples])).permute(0, 3, 1, 2)
    return images, Targets(boxes, labels, real, torch.from_numpy(known), vague)


def _padded(boxes: Sequence[F32]) -> Tensor:
    """``(B,G,4)``; padding is a box far away, so that no cell lies in it."""
    out = torch.tensor([-1e4, -1e4, -1e4 + 1, -1e4 + 1]).repeat(len(boxes), max(1, *map(len, boxes)), 1)
    for row, of_it in enumerate(boxes):
        out[row, : len(of_it)] = torch.from_numpy(of_it)
    return out


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
