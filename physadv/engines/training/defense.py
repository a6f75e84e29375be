"""Train a localiser of patches on photos and drawn roads. The main path; its parts are in ``defense_*``."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Adam
from torch.optim.lr_scheduler import OneCycleLR

from physadv.engines.training.defense_card import ship
from physadv.engines.training.defense_lessons import LESSONS, Lesson
from physadv.engines.training.defense_options import DefenseTraining
from physadv.engines.training.defense_pictures import DefensePictures, batch_of, gather
from physadv.engines.training.detector_state import make_folder
from physadv.library.runs.checkpoints import resuming, write_checkpoint
from physadv.library.runs.forecast import Forecast, Part, duration, timed

TRIED = 3  # steps of a forecast; the first one warms up


@dataclass(frozen=True, slots=True)
class DefenseProgress:
    """Told after every step."""

    step: int  # from 1
    steps: int
    loss: float


@dataclass
class _DefenseState:
    """Contents of a checkpoint."""

    net: nn.Module
    optimiser: Adam
    schedule: OneCycleLR
    step: int = 0  # finished
    cpu_s: float = 0.0


def train_defense(
    name: str, config: DefenseTraining, out: Path, progress: Callable[[DefenseProgress], None] = lambda _: None
) -> dict[str, Any]:
    """Train, set thresholds, measure, and write ``NAME.safetensors`` and ``NAME.md`` into ``out``; returns the figures.

    ``out/last.pt`` is written now and then; a run that was stopped goes on from it, to the same weights.
    """
    config.check(name)
    data, lesson = gather(config), LESSONS[name]
    make_folder(out)
    steps = config.steps or lesson.steps
    state = _start(lesson, config, steps)
    _resume(state, name, config, out / "last.pt")
    state.net.train()
    while state.step < steps:
        loss = take_step(state, data, lesson, config)
        if state.step % config.save_every == 0 or state.step == steps:
            _save(state, name, config, out / "last.pt")
        progress(DefenseProgress(state.step, steps, loss))
    return ship(name, lesson, state.net, data, lesson.filled(config), state.cpu_s, out)


def defense_forecast(name: str, config: DefenseTraining) -> Forecast:
    """Of the training. Reads and draws all that training would, so that a wrong path shows now."""
    config.check(name)
    began = time.perf_counter()
    data, lesson = gather(config), LESSONS[name]
    gathered_s = time.perf_counter() - began
    steps = config.steps or lesson.steps
    state = _start(lesson, config, steps)
    state.net.train()
    step_s = min([timed(partial(take_step, state, data, lesson, config)) for _ in range(TRIED)][1:])
    parts = (
        Part("pictures", gathered_s, f"{len(data.learned) + len(data.thresholds)} pictures"),
        Part("training", steps * step_s, f"{steps} steps of {duration(step_s)}"),
    )
    return Forecast(torch.device("cpu"), parts)


def take_step(state: _DefenseState, data: DefensePictures, lesson: Lesson, config: DefenseTraining) -> float:
    """One step of the optimiser; the loss before it."""
    began = time.process_time()
    images, shares = batch_of(data, lesson, config, state.step, config.batch or lesson.batch)
    loss = lesson.loss(state.net, images, shares)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    state.schedule.step()
    state.step += 1
    state.cpu_s += time.process_time() - began
    return float(loss.detach())


def _start(lesson: Lesson, config: DefenseTraining, steps: int) -> _DefenseState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # weights are drawn from the global generator
        net = lesson.net()
    peak = config.learning_rate or lesson.learning_rate
    optimiser = Adam(net.parameters(), peak)
    # the schedule divides by zero when its first tenth is one step
    return _DefenseState(net, optimiser, OneCycleLR(optimiser, peak, total_steps=max(steps + 1, 20), pct_start=0.1))


def _fingerprint(name: str, config: DefenseTraining) -> str:
    """Settings that a resumed run must share: all that shape the weights."""
    free = ("photos_licence", "validate", "held_out_patches", "save_every")
    settings = {key: value for key, value in asdict(config).items() if key not in free}
    return hashlib.sha256(json.dumps([name, settings], sort_keys=True).encode()).hexdigest()


def _save(state: _DefenseState, name: str, config: DefenseTraining, path: Path) -> None:
    values: dict[str, Any] = {part: getattr(state, part).state_dict() for part in ("net", "optimiser", "schedule")}
    write_checkpoint(path, values | {"step": state.step, "cpu_s": state.cpu_s, "settings": _fingerprint(name, config)})


def _resume(state: _DefenseState, name: str, config: DefenseTraining, path: Path) -> None:
    if not path.exists():
        return
    with resuming(path, _fingerprint(name, config)) as values:
        for part in ("net", "optimiser", "schedule"):
            getattr(state, part).load_state_dict(values[part])
        state.step, state.cpu_s = int(values["step"]), float(values["cpu_s"])
