"""The end of a robust training: attacks on what came out, on pictures it never saw; weights, figures and card."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.counted import Counted
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem
from physadv.core.version import __version__
from physadv.engines.training.robust_options import RobustTraining
from physadv.library.compute.one_device import OneDevice
from physadv.library.files import atomic
from physadv.library.files.digests import digest_of_file
from physadv.library.metrics.interval import wilson
from physadv.library.perturbations.norms import random_change
from physadv.library.small_nets.weights import FILE, SmallNet, write_net
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.attacks.perturbation.options import PgdConfig
from physadv.parts.attacks.perturbation.pgd import Pgd
from physadv.parts.victims.classifier import Classifier

CARD, FIGURES, EPOCHS = "classifier.md", "figures.json", "epochs.csv"


@dataclass(frozen=True)
class EpochRow:
    """How an epoch went, on the pictures that were learned from."""

    epoch: int  # from 1
    eps: float  # at its end
    loss: float
    cpu_s: float


@dataclass(frozen=True)
class Schooling:
    """How a network came about."""

    method: str
    config: RobustTraining
    seed: int
    epochs: Sequence[EpochRow]


def ship_classifier(net: SmallNet, made: Schooling, pictures: tuple[Tensor, Tensor], out: Path) -> dict[str, Any]:
    """Write weights, card and figures; returns the figures. ``pictures`` were never learned from."""
    write_net(out / FILE, net)
    images, classes = _few(pictures, made.config.judged)
    figures = {"digest": digest_of_file(out / FILE), "right": robustness(net, images, classes, made.config, made.seed)}
    table = io.StringIO()
    writer = csv.DictWriter(table, list(EpochRow.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.5g}" for name, value in asdict(row).items()} for row in made.epochs)
    atomic.write_text(out / EPOCHS, table.getvalue())
    atomic.write_text(out / FIGURES, json.dumps(figures, indent=2))
    atomic.write_text(out / CARD, card(net, made, figures))
    return figures


def _few(pictures: tuple[Tensor, Tensor], count: int) -> tuple[Tensor, Tensor]:
    """As many of each class as of any other, in their order."""
    images, classes = pictures
    rank = torch.zeros_like(classes)
    for number in range(int(classes.max()) + 1):
        alike = (classes == number).nonzero().flatten()
        rank[alike] = torch.arange(len(alike))
    rows = torch.argsort(rank, stable=True)[:count].sort().values
    return images[rows], classes[rows]


def robustness(
    net: SmallNet, images: Tensor, classes: Tensor, config: RobustTraining, seed: int
) -> list[dict[str, float | str]]:
    """The share that is right: clean, and for each eps under noise of that size, FGSM and PGD; with its interval."""
    device = next(net.net.parameters()).device
    victim = Classifier(net.net, net.labels, name=f"{net.data}/{net.model}", size_px=net.side_px)
    images, classes = images.to(device), classes.to(device)
    with torch.no_grad():
        right = victim.decide(victim.outputs(images)).labels == classes
    rows = [_row("clean", 0.0, right)]
    attacks: dict[str, PerturbationAttack] = {
        "fgsm": Fgsm(), f"pgd-{config.judged_steps}": Pgd(PgdConfig(steps=config.judged_steps))
    }  # fmt: skip
    for eps in config.judged_eps:
        noisy = _noisy(images, eps, seed)
        with torch.no_grad():
            rows.append(_row("noise", eps, victim.decide(victim.outputs(noisy)).labels == classes))
        for name, attack in attacks.items():
            problem = PerturbationProblem(
                images, classes, Counted(victim), Norm.linf, eps, seed, OneDevice(device)
            )  # fmt: skip
            assert attack.needs <= AccessLevel.gradients
            rows.append(_row(name, eps, right & ~attack.run(problem, ()).success))
    return rows


def _noisy(images: Tensor, eps: float, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    change = random_change(images[:, :1].shape, Norm.linf, eps, random)  # in grey, or the network would see less of it
    return (images + change.to(images.device)).clamp(0, 1)


def _row(attack: str, eps: float, right: Tensor) -> dict[str, float | str]:
    count, n = int(right.sum()), len(right)
    low, high = wilson(count, n)
    return {"attack": attack, "eps": eps, "right": count / n, "low": low, "high": high, "n": n}


def _torch() -> str:
    return torch.__version__.split("+")[0]


def in_words(row: dict[str, Any]) -> str:
    """A row of the figures, for the log."""
    at = f"eps {row['eps']:g}: " if row["eps"] else ""
    return f"{at}{row['right']:.3f} right ({row['low']:.3f} to {row['high']:.3f}, n = {row['n']})"


def card(net: SmallNet, made: Schooling, figures: dict[str, Any]) -> str:
    """Markdown: what it is, how it was made, how it stands up to which attacks."""
    config, spent = made.config, sum(row.cpu_s for row in made.epochs)
    settings = ", ".join(f"{name}={value}" for name, value in asdict(config).items() if not name.startswith("judged"))
    lines = [
        f"# {net.data} {net.model}, trained with method={made.method}", "",
        f"Tells {', '.join(net.labels)} apart, {net.side_px} x {net.side_px} pixels. It learned from pictures that",
        "were changed against it. That makes such changes weaker and proves nothing.", "",
        f"- Weights: `{FILE}`, SHA-256 `{figures['digest']}`. To use: `victim={net.data} victim.weights=FOLDER`.",
        f"- Command: `physadv train adversarial victim={net.data} victim.model={net.model} method={made.method}",
        f"  robust.eps={config.eps:g}`, seed {made.seed}, physadv {__version__}, torch {_torch()}.",
        f"- Cost: {len(made.epochs)} epochs, {spent:.0f} CPU s.",
        f"- Settings: {settings}.", "",
        "One training, one seed. The share that is right, of pictures that were not learned from:", "",
        "| attack | eps | right | 95 % interval | n |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for row in figures["right"]:
        eps = f"{row['eps']:g}" if row["eps"] else ""
        lines.append(
            f"| {row['attack']} | {eps} | {row['right']:.3f} | {row['low']:.3f} to {row['high']:.3f} | {row['n']} |"
        )
    return "\n".join((*lines, "", *_remarks(figures), ""))


def _remarks(figures: dict[str, Any]) -> list[str]:
    """What the figures say about the training, where it failed."""
    rows, told = figures["right"], []
    if rows[0]["right"] < 0.5:
        told.append("**Collapsed**: most clean pictures are not recognised. A ramp (`robust.ramp=0.5`) prevents this.")
    one = {row["eps"]: row["right"] for row in rows if row["attack"] == "fgsm"}
    for row in rows:
        if row["attack"].startswith("pgd") and one[row["eps"]] - row["right"] > 0.3:
            told.append(
                f"**Overfitted to one step** at eps {row['eps']:g}: FGSM leaves {one[row['eps']]:.2f} right, PGD "
                f"{row['right']:.2f} (catastrophic overfitting, Wong et al. 2020)."
            )
    return told or ["Stronger attacks may leave fewer right: `physadv perturb` tells."]
