"""Options of the attacks that make the most of a given size, and of the universal ones. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from physadv.core.errors import BadOption


class ApgdLoss(StrEnum):
    """The loss that Auto-PGD lowers."""

    ce = "ce"
    """Cross-entropy."""
    dlr = "dlr"
    """Ratio of differences of logits, which does not change when logits are scaled."""


@dataclass
class ApgdConfig:
    steps: int = 100  # of each image, each with a gradient
    loss: ApgdLoss = ApgdLoss.ce  # or dlr


@dataclass
class ApgdTargetedConfig:
    steps: int = 100  # towards each rival class
    classes: int = 9  # rivals tried, those with the highest logits first


@dataclass
class AutoConfig:
    steps: int = 100  # of the attacks with gradients
    classes: int = 9  # rivals that the targeted one tries
    queries: int = 5000  # of the black-box attack, an image


@dataclass
class UniversalConfig:
    steps: int = 100  # each with a gradient of every image that the change is made on
    folds: int = 2  # parts of each batch, of which each is judged with the change made on the others; 1: made on all
    cut: float = 9.0  # β: an image's loss counts up to here, so that one that is fooled long since does not lead
    lr: float = 0.1  # step size as a share of eps, falling to a tenth of it


def check_apgd(config: ApgdConfig) -> None:
    """Raise :class:`BadOption` for numbers with which the search could not run."""
    if config.steps < 1:
        raise BadOption(f"attack=apgd needs steps >= 1, got {config.steps}")


def check_apgd_targeted(config: ApgdTargetedConfig) -> None:
    """As :func:`check_apgd`."""
    if config.steps < 1 or config.classes < 1:
        raise BadOption(f"attack=apgd-t needs steps >= 1 and classes >= 1, got {config.steps}, {config.classes}")


def check_auto(config: AutoConfig) -> None:
    """As :func:`check_apgd`."""
    if config.steps < 1 or config.classes < 1 or config.queries < 1:
        raise BadOption(
            "attack=auto needs steps >= 1, classes >= 1 and queries >= 1, "
            f"got {config.steps}, {config.classes}, {config.queries}"
        )


def check_universal(config: UniversalConfig) -> None:
    """As :func:`check_apgd`."""
    if config.steps < 1 or config.folds < 1 or not config.cut > 0 or not config.lr > 0:
        raise BadOption(
            "attack=universal needs steps >= 1, folds >= 1, cut > 0 and lr > 0, "
            f"got {config.steps}, {config.folds}, {config.cut}, {config.lr}"
        )
