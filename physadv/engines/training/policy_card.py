"""The end of a policy's training: figures on episodes it never saw, clean and under attack; weights and model card."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.core.version import __version__
from physadv.core.worlds import EpisodeMeasure, World
from physadv.engines.training.policy_driving import Disturb, Teacher, drive
from physadv.engines.training.policy_lessons import risen
from physadv.engines.training.policy_options import PolicyTraining
from physadv.engines.training.policy_prints import sticker_against
from physadv.library.files import atomic
from physadv.library.files.digests import digest_of_file, digest_of_picture
from physadv.library.metrics.interval import wilson
from physadv.parts.policies.drive_nano_net import DriveNanoNet
from physadv.parts.policies.drive_nano_weights import FILE, read_drive_nano, written

CARD, FIGURES, ROUNDS = "policy.md", "figures.json", "rounds.csv"
JUDGED, PRACTICE = 20_000_000, 30_000_000
"""First seeds of the episodes that are judged, and of those on which stickers for the judgement are made."""
_BATCH = 100
_SHARE = (
    0.6  # of the slot's width that a judged print has: one that fills it hides what is under it, and so do controls
)
_PGD_STEPS, _MORE_STEPS, _STICKER_EPISODES = 10, 4, 32  # a judged sticker has so many times the steps of a learned one


@dataclass(frozen=True)
class RoundRow:
    """How a round went."""

    round: int  # from 1
    moments: int  # written down so far
    loss: float
    cpu_s: float
    watched: dict[str, float]  # the world's measures in episodes that are not learned from


def ship_policy(
    net: DriveNanoNet, world: Teacher, method: str, name: str, config: PolicyTraining, rows: Sequence[RoundRow],
    out: Path,
) -> dict[str, Any]:  # fmt: skip
    """Write weights (half precision), card and figures, measured as shipped; returns the figures."""
    atomic.write_bytes(out / FILE, written(net, world.observation_shape, world.actions))
    shipped = read_drive_nano(name, str(out)).net().eval().requires_grad_(False)
    figures = {
        "digest": digest_of_file(out / FILE), "world": world.name, "pictures": digest_of_world(world),
        "arms": judged(shipped, world, config),
    }  # fmt: skip
    atomic.write_text(out / FIGURES, json.dumps(figures, indent=2))
    atomic.write_text(out / ROUNDS, _table(rows))
    atomic.write_text(out / CARD, card(name, method, world, config, rows, figures))
    return figures


@torch.no_grad()
def digest_of_world(world: World) -> str:
    """A hash of what the world shows at the begin of eight episodes: another one, another world."""
    images = world.observe(world.reset(torch.arange(8)), {}).images
    return digest_of_picture(torch.cat(list(images), 2))


def judged(net: nn.Module, world: Teacher, config: PolicyTraining) -> list[dict[str, Any]]:
    """A row an arm: nothing, controls in the world, noise, and attacks that look into the network."""
    random = generator(config.seed, "policy/judged")
    rows = [_arm("clean", world, net, config.judged, {}, None)]
    if not config.attacked:
        return rows
    if world.slots:
        slot, seeds = world.slots[0], PRACTICE + torch.arange(_STICKER_EPISODES)
        made = sticker_against(net, world, slot, seeds, _MORE_STEPS * config.sticker_steps, random, _SHARE)
        grey = PatchImage(torch.full_like(made.srgb, 0.5), made.alpha, slot.width_mm)
        noise = PatchImage(torch.rand(made.srgb.shape, generator=random), made.alpha, slot.width_mm)
        for key, image in (("grey", grey), ("random", noise), ("optimised", made)):
            told = f"{key} print on {slot.name}, {made.width_mm:.0f} mm"
            rows.append(_arm(told, world, net, config.attacked, {slot.name: image}, None))
    eps, codes = config.eps, f"{255 * config.eps:g}/255"

    def noisy(images: Tensor, right: Tensor) -> Tensor:
        return (images + eps * (torch.rand(images.shape, generator=random) * 2 - 1).sign()).clamp(0, 1)

    def worst(images: Tensor, right: Tensor) -> Tensor:
        return risen(net, images, right, eps, _PGD_STEPS, random)

    rows.append(_arm(f"noise of {codes}", world, net, config.attacked, {}, noisy))
    rows.append(_arm(f"PGD-{_PGD_STEPS} of {codes}, every step", world, net, config.attacked, {}, worst))
    return rows


def _arm(
    told: str, world: Teacher, net: nn.Module, episodes: int, prints: dict[str, PatchImage], disturb: Disturb | None
) -> dict[str, Any]:
    groups = torch.split(JUDGED + torch.arange(episodes), _BATCH)
    driven = [drive(world, net, seeds, prints, disturb=disturb) for seeds in groups]
    joined = {name: torch.cat([one[name] for one in driven]) for name in driven[0]}
    return {"arm": told, "measures": [_score(measure, joined[measure.name]) for measure in world.measures]}


def _score(measure: EpisodeMeasure, values: Tensor) -> dict[str, Any]:
    known = values[~values.isnan()]
    n, mean = len(known), float(known.mean()) if len(known) else float("nan")
    low, high = wilson(float(known.sum()), n) if measure.share else (None, None)
    return {"name": measure.name, "mean": mean, "n": n, "low": low, "high": high}


def arm_in_words(arm: dict[str, Any]) -> str:
    """A row of the figures, for the log."""
    shares = [f"{one['name']} {one['mean']:.3f}" for one in arm["measures"] if one["low"] is not None and one["n"]]
    return f"{arm['arm']}: {', '.join(shares)} (n = {max(one['n'] for one in arm['measures'])})"


def _table(rows: Sequence[RoundRow]) -> str:
    table, names = io.StringIO(), list(rows[0].watched) if rows else []
    writer = csv.DictWriter(table, ["round", "moments", "loss", "cpu_s", *names], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        plain = {key: value for key, value in asdict(row).items() if key != "watched"} | row.watched
        writer.writerow({key: f"{value:.5g}" for key, value in plain.items()})
    return table.getvalue()


def card(
    name: str, method: str, world: World, config: PolicyTraining, rows: Sequence[RoundRow], figures: dict[str, Any]
) -> str:
    """Markdown: what it is, how it was made, how well it drives, and under which attacks no more."""
    hidden = ("judged", "attacked", "start", *(() if method == "adversarial" else _ADVERSARIAL))
    settings = ", ".join(f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value}"
                         for key, value in asdict(config).items() if key not in hidden)  # fmt: skip
    shares = [measure.name for measure in world.measures]
    spent, size = sum(row.cpu_s for row in rows), " x ".join(map(str, world.observation_shape[1:]))
    learned = "imitation" + (f", then {config.ppo_steps} moments of PPO" if config.ppo_steps else "")
    begun = f", begun with `{Path(config.start).name}`" if config.start else ""
    lines = [
        f"# {name}", "",
        f"Drives in world={world.name}: {', '.join(world.actions)}, from pictures of {size} pixels.",
        "Trained in a drawn world and good for nothing else." + _ROBUST * (method == "adversarial"), "",
        f"- Weights: `{FILE}`, half precision, SHA-256 `{figures['digest']}`, licence CC0 1.0.",
        f"- Learned by {learned}; method={method}{begun}.",
        f"- Command: `physadv train policy world={world.name} method={method} name={name} seed={config.seed}`, "
        f"physadv {__version__}, torch {torch.__version__.split('+')[0]}.",
        f"- Settings: {settings}.",
        f"- Cost: {spent:.0f} CPU s on one thread.",
        f"- The world's first pictures: SHA-256 `{figures['pictures']}`. Another digest, another world.", "",
        "One training, one seed. Episodes that were never learned from, from seed "
        f"{JUDGED:,} on; 95 % intervals of shares by Wilson.",
        f"The optimised print: {_MORE_STEPS * config.sticker_steps} steps of Adam through the world's own drawing, on "
        "other episodes. PGD: away from what is right, by the network's gradient, in every picture.", "",
        f"| | {' | '.join(shares)} |", f"|---{'|---' * len(shares)}|",
    ]  # fmt: skip
    for arm in figures["arms"]:
        cells = [_cell(one) for one in arm["measures"]]
        lines.append(f"| {arm['arm']} | {' | '.join(cells)} |")
    return "\n".join((*lines, ""))


_ADVERSARIAL = ("eps", "attack_steps", "stickers", "sticker_steps")
_ROBUST = (
    " It learned from pictures and\nstickers that were made against it while it learned. That makes attacks of these "
    "kinds weaker and proves nothing."
)


def _cell(score: dict[str, Any]) -> str:
    if not score["n"]:
        return "–"
    if score["low"] is None:
        return f"{score['mean']:.2f}"
    return f"{score['mean']:.3f} ({score['low']:.3f} to {score['high']:.3f}), n = {score['n']}"
