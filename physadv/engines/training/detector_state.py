"""What a training of a detector carries from step to step, and how it is kept in a file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from physadv.core.errors import BadOutput
from physadv.engines.training.drawn import labels_of
from physadv.engines.training.options import TrainConfig
from physadv.library.runs.checkpoints import resuming, write_checkpoint
from physadv.parts.victims.sign_nano_net import NetShape, SignNanoNet

_LARGEST_NORM = 5.0  # of the gradient
_PARTS = ("net", "average", "optimiser", "schedule")
_FREE = ("workers", "photos_licence", "validate", "held_out_renders", "judged_px")
"""Settings that do not shape the weights."""
_FIRST = (
    "photos", "epochs", "batch", "size_px", "learning_rate", "weight_decay", "renders", "renders_an_epoch",
    "distance_m", "mosaic", "average", "bf16", "seed",
)  # fmt: skip
"""Settings that there were from the first: the others count where they differ from what was so before."""


@dataclass
class DetectorState:
    """Contents of a checkpoint."""

    net: SignNanoNet
    average: SignNanoNet  # what is shipped
    optimiser: AdamW
    schedule: OneCycleLR
    epoch: int = 0  # finished
    cpu_s: float = 0.0  # spent so far, workers included
    wall_s: float = 0.0


def start(
    config: TrainConfig, device: torch.device, steps: int, weights: Mapping[str, Tensor] | None = None
) -> DetectorState:
    """Everything before the first of ``steps`` an epoch; from ``weights``, or from random ones of the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # weights are drawn from the global generator
        classes, shape = len(labels_of(config)), shape_of(config)
        net, average = SignNanoNet(classes, shape), SignNanoNet(classes, shape)
    if weights is not None:
        net.load_state_dict(weights)
    average.load_state_dict(net.state_dict())
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = average.to(device).eval().requires_grad_(False)
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    optimiser = AdamW(groups, lr=config.learning_rate, fused=True)
    total = max(steps * config.epochs + 1, 20)  # the schedule divides by zero when its first tenth is one step
    schedule = OneCycleLR(optimiser, config.learning_rate, total_steps=total, pct_start=0.1)
    return DetectorState(net, average, optimiser, schedule)


def descend_(state: DetectorState, decay: float) -> None:
    """One step down the gradient that the weights have, clipped; then the average follows with ``decay``."""
    nn.utils.clip_grad_norm_(state.net.parameters(), _LARGEST_NORM)
    state.optimiser.step()
    state.schedule.step()
    _average_(state, decay)


@torch.no_grad()
def _average_(state: DetectorState, decay: float) -> None:
    """Exponential average of weights and batch statistics, with a warm-up so that the start is forgotten."""
    step = state.schedule.last_epoch
    keep = min(decay, (1 + step) / (10 + step))
    for mean, value in zip(state.average.state_dict().values(), state.net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - keep)
        else:
            mean.copy_(value)


def shape_of(config: TrainConfig) -> NetShape:
    """Of the network."""
    return NetShape(tuple(config.widths), tuple(config.blocks))


def fingerprint(config: TrainConfig, *more: str) -> str:
    """Settings that a resumed run must share: all that shape the weights."""
    before = asdict(TrainConfig())
    settings = {
        key: value
        for key, value in asdict(config).items()
        if key not in _FREE and (key in _FIRST or key not in before or value != before[key])
    }
    return hashlib.sha256(json.dumps([settings, *more] if more else settings, sort_keys=True).encode()).hexdigest()


def save(state: DetectorState, settings: str, path: Path, **more: Tensor) -> None:
    """All that is needed to go on; a kill never leaves half a checkpoint."""
    values: dict[str, Any] = {name: getattr(state, name).state_dict() for name in _PARTS}
    values |= {"epoch": state.epoch, "cpu_s": state.cpu_s, "wall_s": state.wall_s, "settings": settings}
    write_checkpoint(path, values | more)


def resume(state: DetectorState, settings: str, path: Path, device: torch.device, **more: Tensor) -> None:
    """Fill the state, and the tensors of ``more``, from what was saved; nothing happens where nothing was.

    Raises :class:`BadOutput` where the file belongs to a training with other ``settings``.
    """
    if not path.exists():
        return
    with resuming(path, settings, device) as values:
        for name in _PARTS:
            getattr(state, name).load_state_dict(values[name])
        for name, tensor in more.items():
            tensor.data.copy_(values[name])
        state.epoch, state.cpu_s, state.wall_s = int(values["epoch"]), float(values["cpu_s"]), float(values["wall_s"])


def make_folder(out: Path) -> None:
    """Raises :class:`BadOutput` where it cannot be made."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"{out} cannot be made: {error.strerror}. Choose another out=.") from error


def cpu_s() -> float:
    """CPU time of this process and of its finished workers."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
