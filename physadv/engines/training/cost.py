"""The cost of training the detector, measured on a few steps."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from physadv.engines.training.batches import EpochBatches, TrainingData, draw_renders, loader
from physadv.engines.training.detector import start, steps_of
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import read_photos
from physadv.library.roads.signs import LABELS
from physadv.library.runs.forecast import Forecast, Part, duration, timed

TRIED = 3  # steps; the first one warms up


def train_forecast(config: TrainConfig, device: torch.device) -> Forecast:
    """Of drawing and training. Reads all photos that training would, so that a wrong path shows now."""
    if config.validate:
        read_photos(Path(config.validate), LABELS)
    photos = read_photos(Path(config.photos), LABELS) if config.photos else None
    pictures, known = (photos.pictures, photos.known) if photos else ((), np.ones(len(LABELS), bool))
    few = min(config.drawn, config.batch)
    begun = time.perf_counter()
    renders = draw_renders(config, few)
    drawing_s = (time.perf_counter() - begun) / max(few, 1) * config.renders
    steps = config.epochs * max(1, (len(pictures) + config.drawn) // config.batch)
    small = replace(config, renders=few, renders_an_epoch=few, workers=0)
    step_s = _step_s(small, TrainingData(pictures, known, renders), device)
    parts = (
        Part("drawing", drawing_s, f"{config.renders} roads"),
        Part("training", steps * step_s, f"{steps} steps of {duration(step_s)}"),
    )
    return Forecast(device, parts)


def _step_s(config: TrainConfig, data: TrainingData, device: torch.device) -> float:
    state = start(config, device, TRIED)
    state.net.train()
    seconds = []
    for epoch in range(TRIED):
        batches = loader(EpochBatches(config, data, epoch))
        seconds.append(timed(partial(next, steps_of(state, batches, config, device))))
    return min(seconds[1:])
