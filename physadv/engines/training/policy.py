"""Training of ``drive-nano``: a teacher who knows the world is imitated (DAgger, Ross et al. 2011), then PPO.

In every round the network drives, and it is written down what would have been right at every moment; from all that was
ever written it learns on. So it sees the moments into which its own mistakes lead.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.core.worlds import World
from physadv.engines.training.detector import TrainProgress
from physadv.engines.training.detector_state import cpu_s, make_folder
from physadv.engines.training.policy_card import RoundRow, ship_policy
from physadv.engines.training.policy_driving import Notes, Teacher, drive, teacher
from physadv.engines.training.policy_lessons import batch_loss, weights_of
from physadv.engines.training.policy_options import PolicyTraining, check_policy_method
from physadv.engines.training.policy_prints import control_print, sticker_against
from physadv.library.runs.checkpoints import resuming, write_checkpoint
from physadv.library.runs.forecast import Forecast, Part, duration, timed
from physadv.parts.policies.drive_nano_net import DriveNanoNet
from physadv.parts.policies.drive_nano_weights import read_drive_nano

Tell = Callable[[TrainProgress], None]
_GROUP = 32  # episodes that have the same print
_WATCHED = 100  # episodes of a round's figures
_LEARNT, _WATCH = 0, 10_000_000
"""First seeds of the episodes that are learned from, and of those that are looked at between rounds."""
_SEEDS_APART = 1_000_000  # those of a run from the next one's


@dataclass
class _Learner:
    net: DriveNanoNet
    adam: torch.optim.Optimizer
    notes: Notes = field(default_factory=Notes)
    stickers: list[PatchImage] = field(default_factory=list)
    rows: list[RoundRow] = field(default_factory=list)


def train_policy(
    method: str, name: str, world: World, config: PolicyTraining, out: Path, progress: Tell = lambda _: None
) -> dict[str, Any]:
    """Train, judge, and write ``policy.safetensors``, its card and figures into ``out``; returns the figures.

    ``out/last.pt`` is written after every round; a run that was stopped goes on from it.
    """
    check_policy_method(method)
    config.check()
    here = teacher(world)
    make_folder(out)
    state, last, settings = started(here, config), out / "last.pt", _settings(method, here, config)
    _resume(state, settings, last)
    for index in range(len(state.rows), config.rounds):
        begun = cpu_s()
        _drive(state, here, method, config, index)
        loss = _learn(state, here, method, config, index, progress)
        seen = drive(here, state.net.eval(), torch.arange(min(_WATCHED, config.judged)) + _WATCH, {})
        state.rows.append(RoundRow(index + 1, len(state.notes), loss, cpu_s() - begun, means(seen)))
        _save(state, settings, last)
    if config.ppo_steps:
        from physadv.engines.training.policy_ppo import improve_

        begun = cpu_s()
        improve_(state.net, here, config)
        seen = drive(here, state.net.eval(), torch.arange(min(_WATCHED, config.judged)) + _WATCH, {})
        state.rows.append(RoundRow(config.rounds + 1, config.ppo_steps, float("nan"), cpu_s() - begun, means(seen)))
    return ship_policy(state.net.eval(), here, method, name, config, state.rows, out)


def means(measured: dict[str, Tensor]) -> dict[str, float]:
    """Over the episodes that could be measured."""
    return {name: float(values.nanmean()) for name, values in measured.items()}


def started(world: Teacher, config: PolicyTraining) -> _Learner:
    """Everything before the first round."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        net = DriveNanoNet(world.observation_shape, len(world.actions))
    if config.start:
        net.load_state_dict(read_drive_nano("drive-nano", config.start).state)
    net = net.to(memory_format=torch.channels_last)
    return _Learner(net, torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=1e-4))


def policy_forecast(method: str, world: World, config: PolicyTraining) -> Forecast:
    """What training costs, measured on some episodes and batches."""
    here = teacher(world)
    state = started(here, config)
    few = min(_GROUP, config.episodes)
    one_s = timed(lambda: drive(here, None, torch.arange(few), {}, state.notes, 1.0, generator(0, "policy/try"))) / few
    images, actions = state.notes.joined()
    random, weights = generator(0, "policy/try"), weights_of(actions, here.actions, config.caution)
    batch_s = min(timed(lambda: _step(state, images, actions, weights, config, method, random)) for _ in range(3))
    batches = config.rounds * config.steps + config.last_steps
    driven = config.rounds * (config.episodes + _WATCHED) + config.judged
    return Forecast(
        torch.device("cpu"),
        (
            Part("driving", driven * one_s, f"{driven} episodes of {duration(one_s)}"),
            Part("learning", batches * batch_s, f"{batches} batches of {duration(batch_s)}"),
        ),
    )


def _drive(state: _Learner, world: Teacher, method: str, config: PolicyTraining, index: int) -> None:
    """A round's episodes, a few of them with prints; the first ones are the teacher's own."""
    random = generator(config.seed, f"policy/round/{index}")
    net = state.net.eval() if index or config.start else None
    seeds = _LEARNT + config.seed * _SEEDS_APART + index * config.episodes + torch.arange(config.episodes)
    if method == "adversarial" and net is not None and world.slots:
        for _ in range(config.stickers):
            slot = world.slots[0]
            state.stickers.append(sticker_against(net, world, slot, seeds[:64], config.sticker_steps, random))
    for group in torch.split(seeds, _GROUP):
        prints = _prints(state, world, config, random)
        drive(world, net, group, prints, state.notes, config.noted, random)


def _prints(state: _Learner, world: Teacher, config: PolicyTraining, random: torch.Generator) -> dict[str, PatchImage]:
    """Nothing, a control on one of the slots, or one of the stickers."""
    if not world.slots or float(torch.rand((), generator=random)) >= (0.5 if state.stickers else config.printed):
        return {}
    if state.stickers and float(torch.rand((), generator=random)) < 0.75:
        which = int(torch.randint(len(state.stickers), (), generator=random))
        return {world.slots[0].name: state.stickers[which]}
    which = int(torch.randint(2 * len(world.slots), (), generator=random))
    slot = world.slots[max(0, which - len(world.slots))]  # more often the first, which attacks are about
    return {slot.name: control_print(slot, random, grey=bool(torch.rand((), generator=random) < 0.5))}


def _learn(state: _Learner, world: Teacher, method: str, config: PolicyTraining, index: int, progress: Tell) -> float:
    images, actions = state.notes.joined()
    weights = weights_of(actions, world.actions, config.caution)
    random = generator(config.seed, f"policy/batches/{index}")
    last = index == config.rounds - 1
    count, total = config.steps + last * config.last_steps, config.rounds * config.steps + config.last_steps
    begun, loss = time.monotonic(), 0.0
    state.net.train()
    for step in range(count):
        falling = (count - step) / config.last_steps if last else 1.0
        for group in state.adam.param_groups:
            group["lr"] = config.learning_rate * min(1.0, falling)
        loss += _step(state, images, actions, weights, config, method, random)
        done = index * config.steps + step + 1
        left_s = (time.monotonic() - begun) / (step + 1) * (total - done)
        progress(TrainProgress(index + 1, config.rounds, done, total, loss / (step + 1), left_s))
    return loss / count


def _step(
    state: _Learner, images: Tensor, actions: Tensor, weights: Tensor, config: PolicyTraining, method: str,
    random: torch.Generator,
) -> float:  # fmt: skip
    rows = torch.randint(len(actions), (config.batch,), generator=random)
    batch = (images[rows].float() / 255).contiguous(memory_format=torch.channels_last)
    loss = batch_loss(state.net, batch, actions[rows], weights, config, method, random)
    state.adam.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.net.parameters(), 1.0)
    state.adam.step()
    return float(loss.detach())


def _settings(method: str, world: World, config: PolicyTraining) -> str:
    """Of all that shapes the weights."""
    shaping = {key: value for key, value in asdict(config).items() if key not in ("judged", "attacked")}
    told = json.dumps([method, world.name, world.observation_shape, shaping], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _save(state: _Learner, settings: str, path: Path) -> None:
    images, actions = state.notes.joined()
    write_checkpoint(path, {
        "net": state.net.state_dict(), "adam": state.adam.state_dict(), "settings": settings, "images": images,
        "actions": actions, "stickers": [(one.srgb, one.width_mm) for one in state.stickers],
        "rows": [asdict(row) for row in state.rows],
    })  # fmt: skip


def _resume(state: _Learner, settings: str, path: Path) -> None:
    if not path.exists():
        return
    with resuming(path, settings) as values:
        state.net.load_state_dict(values["net"])
        state.adam.load_state_dict(values["adam"])
        state.notes = Notes([values["images"]], [values["actions"]])
        state.stickers = [PatchImage(srgb, torch.ones_like(srgb[:1]), width) for srgb, width in values["stickers"]]
        state.rows = [RoundRow(**row) for row in values["rows"]]
