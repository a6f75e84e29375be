"""Adversarial training of a small classifier: it learns from pictures that are changed against it while it learns."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.engines.training.detector import TrainProgress
from physadv.engines.training.detector_state import cpu_s, make_folder
from physadv.engines.training.robust_card import EpochRow, Schooling, ship_classifier
from physadv.engines.training.robust_methods import Batch, Lessons
from physadv.engines.training.robust_options import RobustTraining, check_robust_method
from physadv.library.datasets.labelled import DataSplit
from physadv.library.files.digests import digest_of_state
from physadv.library.runs.checkpoints import resuming, write_checkpoint
from physadv.library.runs.forecast import Forecast, Part, duration, timed
from physadv.library.small_nets.fitting import batches, untrained
from physadv.library.small_nets.networks import MODELS
from physadv.library.small_nets.ready import DATA
from physadv.library.small_nets.weights import SmallNet, read_net

_TRIED = 3  # batches of a forecast


@dataclass(frozen=True)
class Pupil:
    """Who is trained, and on what."""

    data: str  # "mnist"
    model: str  # a key of MODELS
    seed: int  # of its first weights, the order and the changes
    begun: SmallNet | None = None  # trained on; None: from random weights


@dataclass
class _State:
    net: nn.Module
    adam: torch.optim.Adam
    rows: list[EpochRow] = field(default_factory=list)


def train_robustly(
    method: str, pupil: Pupil, config: RobustTraining, device: torch.device, out: Path,
    progress: Callable[[TrainProgress], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Train, attack what came out, and write ``classifier.safetensors``, its card and figures into ``out``.

    Returns the figures. ``out/last.pt`` is written after every epoch; a run that was stopped goes on from it.
    """
    check_robust_method(method)
    config.check()
    make_folder(out)
    state, last = start(pupil, config, device), out / "last.pt"
    settings = _settings(method, pupil, config)
    _resume(state, settings, last, device)
    course = Course(method, pupil, config, device)
    for epoch in range(len(state.rows), course.epochs):
        state.rows.append(_epoch(state, course, epoch, progress))
        _save(state, settings, last)
    row = MODELS[pupil.model]
    net = SmallNet(state.net.eval().requires_grad_(False), pupil.data, pupil.model, course.side_px, course.labels)
    judged = DATA[pupil.data]().tensors(DataSplit.val, row.only)
    return ship_classifier(net, Schooling(method, config, pupil.seed, state.rows), judged, out)


class Course:
    """Pictures, and how large the changes of a step may be."""

    def __init__(self, method: str, pupil: Pupil, config: RobustTraining, device: torch.device) -> None:
        self.method, self.config, self.seed = method, config, pupil.seed
        pictures, only = DATA[pupil.data](), MODELS[pupil.model].only
        images, classes = pictures.tensors(DataSplit.train, only)
        self.images, self.classes = images.to(device), classes.to(device)
        self.side_px, self.labels = images.shape[-1], only or pictures.names
        self.steps = -(-len(images) // config.batch)  # batches an epoch
        self.epochs = config.epochs_of(len(images))

    def eps_at(self, epoch: float) -> float:
        """The whole of it without a ramp; else steadily more, from 0 on."""
        ramp = self.config.ramp * self.epochs
        return self.config.eps * (min(epoch / ramp, 1.0) if ramp else 1.0)

    def rate_at(self, epoch: float) -> float:
        """Of learning: constant, then down to 0 over the second half."""
        return self.config.learning_rate * min(1.0, 2 * (1 - epoch / self.epochs))


def pupil_of(data: str, model: str, weights: str, seed: int) -> Pupil:
    """One that starts anew, or, with weights, goes on from a file or a run.

    Raises :class:`BadOption` for weights of other data, and for a model that there is not.
    """
    if model not in MODELS:
        raise BadOption(f"there is no small network {model!r}. There are: {', '.join(MODELS)}")
    if not weights:
        return Pupil(data, model, seed)
    begun = read_net(Path(weights))
    if begun.data != data:
        raise BadOption(f"{weights} was trained on {begun.data}: say victim={begun.data}")
    return Pupil(data, begun.model, seed, begun)


def robust_forecast(method: str, pupil: Pupil, config: RobustTraining, device: torch.device) -> Forecast:
    """What training costs, measured on a few batches with the whole change."""
    state, course = start(pupil, config, device), Course(method, pupil, config, device)
    lessons = Lessons(method, state.net, config, generator(course.seed, "robust/forecast"))
    batch = course.images[: config.batch], course.classes[: config.batch]
    batch_s = min(timed(lambda: _learn(state, lessons, batch, config.eps)) for _ in range(_TRIED))
    count = course.steps * course.epochs
    return Forecast(device, (Part("training", count * batch_s, f"{count} batches of {duration(batch_s)}"),))


def _learn(state: _State, lessons: Lessons, batch: Batch, eps: float) -> list[float]:
    losses = []
    for loss in lessons.losses(batch, eps):
        state.adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        state.adam.step()
        losses.append(float(loss.detach()))
    return losses


def start(pupil: Pupil, config: RobustTraining, device: torch.device) -> _State:
    """Everything before the first step."""
    pictures, row = DATA[pupil.data](), MODELS[pupil.model]
    net = untrained(row, pictures.grey_u8.shape[-1], len(row.only or pictures.names), pupil.seed)
    if pupil.begun is not None:
        net.load_state_dict(pupil.begun.net.state_dict())
    net = net.to(device).train()
    return _State(net, torch.optim.Adam(net.parameters(), lr=config.learning_rate))


def _epoch(state: _State, course: Course, epoch: int, progress: Callable[[TrainProgress], None]) -> EpochRow:
    epochs, count = course.epochs, course.steps
    lessons = Lessons(course.method, state.net, course.config, generator(course.seed, f"robust/{epoch}"))
    began, spent, eps = time.monotonic(), cpu_s(), 0.0
    losses: list[float] = []
    for index, rows in enumerate(batches(len(course.images), epoch, course.seed, course.config.batch)):
        at = epoch + index / count
        eps = course.eps_at(at)
        for group in state.adam.param_groups:
            group["lr"] = course.rate_at(at)
        losses += _learn(state, lessons, (course.images[rows], course.classes[rows]), eps)
        done = epoch * count + index + 1
        remaining_s = (time.monotonic() - began) / (index + 1) * (epochs * count - done)
        progress(TrainProgress(epoch + 1, epochs, done, epochs * count, sum(losses) / len(losses), remaining_s))
    return EpochRow(epoch + 1, eps, sum(losses) / len(losses), cpu_s() - spent)


def _settings(method: str, pupil: Pupil, config: RobustTraining) -> str:
    """Of all that shapes the weights."""
    shaping = {name: value for name, value in asdict(config).items() if not name.startswith("judged")}
    begun = digest_of_state(pupil.begun.net.state_dict()) if pupil.begun else ""
    told = json.dumps([method, pupil.data, pupil.model, pupil.seed, begun, shaping], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _save(state: _State, settings: str, path: Path) -> None:
    write_checkpoint(path, {
        "net": state.net.state_dict(), "adam": state.adam.state_dict(), "settings": settings,
        "rows": [asdict(row) for row in state.rows],
    })  # fmt: skip


def _resume(state: _State, settings: str, path: Path, device: torch.device) -> None:
    if not path.exists():
        return
    with resuming(path, settings, device) as values:
        state.net.load_state_dict(values["net"])
        state.adam.load_state_dict(values["adam"])
        state.rows = [EpochRow(**row) for row in values["rows"]]
