"""Train a small detector on labelled photos and drawn pictures: the road-sign detector, or one of any classes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.core import seeding
from physadv.core.errors import BadInput
from physadv.engines.training.assign import detection_loss
from physadv.engines.training.batches import Batch, EpochBatches, TrainingData, loader
from physadv.engines.training.cutouts import cutouts_of
from physadv.engines.training.detector_state import (
    DetectorState,
    cpu_s,
    descend_,
    fingerprint,
    make_folder,
    resume,
    save,
    shape_of,
    start,
)
from physadv.engines.training.drawn import draw_renders, drawn_cutouts, labels_of
from physadv.engines.training.model_card import DETECTOR, About, Judges, ship
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import TrainingPhotos, read_photos
from physadv.parts.victims.sign_nano_net import grid
from physadv.parts.victims.sign_nano_weights import SignNanoWeights, read_weights


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """Told after every step."""

    epoch: int  # from 1
    epochs: int
    step: int  # over all epochs, from 1
    steps: int
    loss: float  # average over the epoch so far
    remaining_s: float


def train_detector(
    config: TrainConfig, device: torch.device, out: Path, progress: Callable[[TrainProgress], None] = lambda _: None,
    about: About = DETECTOR,
) -> dict[str, Any]:  # fmt: skip
    """Train, evaluate and write ``NAME.safetensors`` and ``NAME.md`` into ``out``; returns the figures.

    ``out/last.pt`` is written after every epoch; a run that was stopped goes on from it.
    """
    config.check()
    make_folder(out)
    # read first: a wrong path must not show after drawing, or after an hour
    validation = read_photos(Path(config.validate), labels_of(config)) if config.validate else None
    photos, apart = split(config)
    begun = _begun(config)
    data = gather(config, photos)
    steps = len(EpochBatches(config, data, 0))
    state = start(config, device, steps, begun.state if begun else None)
    settings = fingerprint(config, begun.digest) if begun else fingerprint(config)
    resume(state, settings, out / "last.pt", device)
    for epoch in range(state.epoch, config.epochs):
        wall, cpu = time.monotonic(), cpu_s()
        _train_epoch(state, loader(EpochBatches(config, data, epoch)), config, device, progress)
        state.epoch = epoch + 1
        state.wall_s += time.monotonic() - wall
        state.cpu_s += cpu_s() - cpu
        save(state, settings, out / "last.pt")
    times = {"wall_s": state.wall_s, "cpu_s": state.cpu_s, "steps": float(steps * config.epochs)}
    about = replace(about, begun_from=begun.digest) if begun else about
    return ship(state.average, about, config, Judges(validation, apart), times, out)


def _begun(config: TrainConfig) -> SignNanoWeights | None:
    """The weights to go on from. Raises :class:`BadInput` where they are of another net or of other labels."""
    if not config.begin:
        return None
    weights = read_weights(Path(config.begin), "train.begin", "train.begin")
    if weights.labels != labels_of(config):
        raise BadInput(
            f"train.begin={config.begin} tells {', '.join(weights.labels)}, and train.labels are "
            f"{', '.join(labels_of(config))}. Give both the same in the same order, or begin with random weights."
        )
    if weights.shape != shape_of(config):
        raise BadInput(
            f"train.begin={config.begin} is a net of widths {list(weights.shape.widths)} and blocks "
            f"{list(weights.shape.blocks)}: set train.widths and train.blocks to these."
        )
    return weights


def split(config: TrainConfig) -> tuple[TrainingPhotos | None, TrainingPhotos | None]:
    """The photos to train on, and those kept apart for the threshold: of those with objects and without alike."""
    if not config.photos:
        return None, None
    photos = read_photos(Path(config.photos), labels_of(config))
    if not config.apart:
        return photos, None
    order = torch.randperm(len(photos.pictures), generator=seeding.generator(config.seed, "apart")).tolist()
    apart: set[int] = set()
    for empty in (False, True):
        group = [i for i in order if empty == (not len(photos.pictures[i].labels))]
        apart |= set(group[: round(config.apart * len(group))])
    kept = (tuple(p for i, p in enumerate(photos.pictures) if (i in apart) == side) for side in (False, True))
    training, judging = (TrainingPhotos(pictures, photos.known) for pictures in kept)
    return training, judging


def gather(config: TrainConfig, photos: TrainingPhotos | None) -> TrainingData:
    """All pictures into memory; a render takes 0.7 MB."""
    renders = draw_renders(config, config.renders)
    if photos is None:
        return TrainingData((), np.ones(len(labels_of(config)), bool), renders)
    cutouts = cutouts_of(photos.pictures) if config.pasted else ()
    cutouts += drawn_cutouts(config) if config.drawn_cutouts else ()
    return TrainingData(photos.pictures, photos.known, renders, cutouts)


def _train_epoch(
    state: DetectorState, batches: torch.utils.data.DataLoader[Batch], config: TrainConfig, device: torch.device,
    progress: Callable[[TrainProgress], None],
) -> None:  # fmt: skip
    state.net.train()
    total, began, count = torch.zeros((), device=device), time.monotonic(), len(batches)
    before = state.epoch * count
    for index, loss in enumerate(steps_of(state, batches, config, device), start=1):
        total += loss
        rest = config.epochs * count - before - index
        remaining_s = (time.monotonic() - began) / index * rest
        average = float(total) / index
        progress(
            TrainProgress(state.epoch + 1, config.epochs, before + index, before + index + rest, average, remaining_s)
        )


def steps_of(
    state: DetectorState, batches: torch.utils.data.DataLoader[Batch], config: TrainConfig, device: torch.device
) -> Iterator[Tensor]:
    """One optimiser step a batch; yields the loss."""
    points, strides = grid(config.size_px, config.size_px, device)
    for images_u8, targets in batches:
        images = images_u8.to(device).float().div_(255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.bf16):
            boxes, logits = state.net(images)
        loss = detection_loss(boxes, logits, points, strides, targets.to(device))
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        descend_(state, config.average)
        yield loss.detach()
