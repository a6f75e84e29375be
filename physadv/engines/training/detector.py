"""Train the reference sign detector on labelled photos and drawn roads. The main path; its parts are in ``train_*``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.engines.training.assign import detection_loss
from physadv.engines.training.batches import Batch, EpochBatches, TrainingData, draw_renders, loader
from physadv.engines.training.detector_state import (
    DetectorState,
    cpu_s,
    descend_,
    fingerprint,
    make_folder,
    resume,
    save,
    start,
)
from physadv.engines.training.model_card import DETECTOR, ship
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import read_photos
from physadv.library.roads.signs import LABELS
from physadv.parts.victims.sign_nano_net import grid


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
    config: TrainConfig, device: torch.device, out: Path, progress: Callable[[TrainProgress], None] = lambda _: None
) -> dict[str, Any]:
    """Train, evaluate and write ``sign-nano.safetensors`` and ``sign-nano.md`` into ``out``; returns the figures.

    ``out/last.pt`` is written after every epoch; a run that was stopped goes on from it.
    """
    config.check()
    make_folder(out)
    # read first: a wrong path must not show after drawing, or after an hour
    validation = read_photos(Path(config.validate), LABELS) if config.validate else None
    data = gather(config)
    steps = len(EpochBatches(config, data, 0))
    state = start(config, device, steps)
    settings = fingerprint(config)
    resume(state, settings, out / "last.pt", device)
    for epoch in range(state.epoch, config.epochs):
        wall, cpu = time.monotonic(), cpu_s()
        _train_epoch(state, loader(EpochBatches(config, data, epoch)), config, device, progress)
        state.epoch = epoch + 1
        state.wall_s += time.monotonic() - wall
        state.cpu_s += cpu_s() - cpu
        save(state, settings, out / "last.pt")
    times = {"wall_s": state.wall_s, "cpu_s": state.cpu_s, "steps": float(steps * config.epochs)}
    return ship(state.average, DETECTOR, config, validation, times, out)


def gather(config: TrainConfig) -> TrainingData:
    """All pictures into memory; a render takes 0.7 MB."""
    photos = read_photos(Path(config.photos), LABELS) if config.photos else None
    renders = draw_renders(config, config.renders)
    if photos is None:
        return TrainingData((), np.ones(len(LABELS), bool), renders)
    return TrainingData(photos.pictures, photos.known, renders)


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
