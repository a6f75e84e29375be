"""Train the reference sign detector on labelled photos and drawn roads. The main path; its parts are in ``train_*``."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from physadv.core.errors import BadOutput
from physadv.engines.training.assign import detection_loss
from physadv.engines.training.batches import Batch, EpochBatches, TrainingData, draw_renders, loader
from physadv.engines.training.model_card import ship
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import read_photos
from physadv.library.roads.signs import LABELS
from physadv.library.runs.checkpoints import read_checkpoint, restoring, write_checkpoint
from physadv.parts.victims.sign_nano_net import SignNanoNet, grid


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """Told after every step."""

    epoch: int  # from 1
    epochs: int
    step: int  # over all epochs, from 1
    steps: int
    loss: float  # average over the epoch so far
    remaining_s: float


@dataclass
class _State:
    """Contents of a checkpoint."""

    net: SignNanoNet
    average: SignNanoNet  # what is shipped
    optimiser: AdamW
    schedule: OneCycleLR
    epoch: int = 0  # finished
    cpu_s: float = 0.0  # spent so far, workers included
    wall_s: float = 0.0


def train_detector(
    config: TrainConfig, device: torch.device, out: Path, progress: Callable[[TrainProgress], None] = lambda _: None
) -> dict[str, Any]:
    """Train, evaluate and write ``sign-nano.safetensors`` and ``sign-nano.md`` into ``out``; returns the figures.

    ``out/last.pt`` is written after every epoch; a run that was stopped goes on from it.
    """
    config.check()
    _make_folder(out)
    # read first: a wrong path must not show after drawing, or after an hour
    validation = read_photos(Path(config.validate), LABELS) if config.validate else None
    data = _gather(config)
    steps = len(EpochBatches(config, data, 0))
    state = start(config, device, steps)
    _resume(state, config, out / "last.pt", device)
    for epoch in range(state.epoch, config.epochs):
        wall, cpu = time.monotonic(), _cpu_s()
        _train_epoch(state, loader(EpochBatches(config, data, epoch)), config, device, progress)
        state.epoch = epoch + 1
        state.wall_s += time.monotonic() - wall
        state.cpu_s += _cpu_s() - cpu
        _save(state, config, out / "last.pt")
    times = {"wall_s": state.wall_s, "cpu_s": state.cpu_s, "steps": float(steps * config.epochs)}
    return ship(state.average, config, validation, times, out)


def _gather(config: TrainConfig) -> TrainingData:
    """All pictures into memory; a render takes 0.7 MB."""
    photos = read_photos(Path(config.photos), LABELS) if config.photos else None
    renders = draw_renders(config, config.renders)
    if photos is None:
        return TrainingData((), np.ones(len(LABELS), bool), renders)
    return TrainingData(photos.pictures, photos.known, renders)


def start(config: TrainConfig, device: torch.device, steps: int) -> _State:
    """Everything before the first of ``steps`` an epoch."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # weights are drawn from the global generator
        net, average = SignNanoNet(len(LABELS)), SignNanoNet(len(LABELS))
    average.load_state_dict(net.state_dict())
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = average.to(device).eval().requires_grad_(False)
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    optimiser = AdamW(groups, lr=config.learning_rate, fused=True)
    total = max(steps * config.epochs + 1, 20)  # the schedule divides by zero when its first tenth is one step
    schedule = OneCycleLR(optimiser, config.learning_rate, total_steps=total, pct_start=0.1)
    return _State(net, average, optimiser, schedule)


def _train_epoch(
    state: _State, batches: torch.utils.data.DataLoader[Batch], config: TrainConfig, device: torch.device,
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
    state: _State, batches: torch.utils.data.DataLoader[Batch], config: TrainConfig, device: torch.device
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
        nn.utils.clip_grad_norm_(state.net.parameters(), 5.0)
        state.optimiser.step()
        state.schedule.step()
        _average_(state, config.average)
        yield loss.detach()


@torch.no_grad()
def _average_(state: _State, decay: float) -> None:
    """Exponential average of weights and batch statistics, with a warm-up so that the random start is forgotten."""
    step = state.schedule.last_epoch
    keep = min(decay, (1 + step) / (10 + step))
    for mean, value in zip(state.average.state_dict().values(), state.net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - keep)
        else:
            mean.copy_(value)


def _fingerprint(config: TrainConfig) -> str:
    """Settings that a resumed run must share: all that shape the weights."""
    free = ("workers", "photos_licence", "validate", "held_out_renders")
    settings = {key: value for key, value in asdict(config).items() if key not in free}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _save(state: _State, config: TrainConfig, path: Path) -> None:
    """All that is needed to go on; a kill never leaves half a checkpoint."""
    parts = ("net", "average", "optimiser", "schedule")
    values: dict[str, Any] = {name: getattr(state, name).state_dict() for name in parts}
    values |= {"epoch": state.epoch, "cpu_s": state.cpu_s, "wall_s": state.wall_s, "settings": _fingerprint(config)}
    write_checkpoint(path, values)


def _resume(state: _State, config: TrainConfig, path: Path, device: torch.device) -> None:
    if not path.exists():
        return
    values = read_checkpoint(path, device)
    with restoring(f"the checkpoint {path}"):
        if values["settings"] != _fingerprint(config):
            raise BadOutput(f"{path} belongs to a training with other settings. Choose another out=, or delete it.")
        for name in ("net", "average", "optimiser", "schedule"):
            getattr(state, name).load_state_dict(values[name])
        state.epoch, state.cpu_s, state.wall_s = int(values["epoch"]), float(values["cpu_s"]), float(values["wall_s"])


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"{out} cannot be made: {error.strerror}. Choose another out=.") from error


def _cpu_s() -> float:
    """CPU time of this process and of its finished workers."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
