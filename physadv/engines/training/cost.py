"""The cost of training the detector, measured on a few steps."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from physadv.engines.training.adversarial import Contest, check_weights
from physadv.engines.training.adversarial_options import AdversarialTraining
from physadv.engines.training.batches import EpochBatches, TrainingData, loader
from physadv.engines.training.detector import split, steps_of
from physadv.engines.training.detector_state import start
from physadv.engines.training.drawn import draw_renders, labels_of
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import read_photos
from physadv.library.runs.forecast import Forecast, Part, duration, timed
from physadv.parts.victims.sign_nano_weights import SignNanoWeights

C = TypeVar("C", bound=TrainConfig)

TRIED = 3  # batches; the first one warms up


def train_forecast(config: TrainConfig, device: torch.device) -> Forecast:
    """Of drawing and training. Reads all photos that training would, so that a wrong path shows now."""
    data, drawing_s = _little(config)
    small = _small(config, data)
    state = start(small, device, TRIED)
    state.net.train()
    epochs = (loader(EpochBatches(small, data, epoch)) for epoch in range(TRIED))
    steps = (step for batches in epochs for step in steps_of(state, batches, small, device))
    return _forecast(config, data, drawing_s, steps, 1, device)


def adversarial_forecast(
    method: str, config: AdversarialTraining, weights: SignNanoWeights, device: torch.device
) -> Forecast:
    """The same of adversarial training."""
    check_weights(weights)
    data, drawing_s = _little(config)
    contest = Contest(method, _small(config, data), data, weights.state, device)
    steps = (step for epoch in range(TRIED) for step in contest.steps_of(epoch))
    return _forecast(config, data, drawing_s, steps, contest.steps_a_batch, device)


def _little(config: TrainConfig) -> tuple[TrainingData, float]:
    """All photos and a few drawn pictures, and how long all pictures take to draw."""
    if config.validate:
        read_photos(Path(config.validate), labels_of(config))
    photos, _ = split(config)
    pictures, known = (photos.pictures, photos.known) if photos else ((), np.ones(len(labels_of(config)), bool))
    few = min(config.drawn, config.batch)
    begun = time.perf_counter()
    renders = draw_renders(config, few)
    drawing_s = (time.perf_counter() - begun) / max(few, 1) * config.renders
    return TrainingData(pictures, known, renders), drawing_s


def _small(config: C, data: TrainingData) -> C:
    few = len(data.renders)
    return replace(config, renders=few, renders_an_epoch=few, workers=0)


def _forecast(
    config: TrainConfig, data: TrainingData, drawing_s: float, steps: Iterator[Tensor], of_a_batch: int,
    device: torch.device,
) -> Forecast:  # fmt: skip
    """``steps`` are tried; ``of_a_batch`` of them follow on one batch, which is loaded before the first."""
    step_s = min([timed(lambda: deque(islice(steps, of_a_batch), 0)) for _ in range(TRIED)][1:]) / of_a_batch
    count = config.epochs * max(1, (data.photos_an_epoch(config) + config.drawn) // config.batch) * of_a_batch
    parts = (
        Part("drawing", drawing_s, f"{config.renders} roads"),
        Part("training", count * step_s, f"{count} steps of {duration(step_s)}"),
    )
    return Forecast(device, parts)
