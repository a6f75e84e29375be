"""Options of the attacks that change images. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from physadv.core.errors import BadOption


class LossName(StrEnum):
    """What an attack with gradients makes small."""

    entropy = "entropy"
    """The target's cross-entropy; the negative of the label's without one."""
    margin = "margin"
    """By how much the wanted logit falls short of its best rival."""
    ratio = "ratio"
    """The margin over the spread of the highest logits."""


@dataclass
class FgsmConfig:
    pass


@dataclass
class IteratedFgsmConfig:
    alpha: float = 1 / 255  # how far each step moves every value
    steps: int = 0  # 0: as many as the paper takes, min(eps + 4, 1.25 eps) with eps in steps


@dataclass
class PgdConfig:
    steps: int = 40  # with gradient, on every image that is not yet taken as wished
    reach: float = 2.5  # of all steps together, in eps: each moves by reach * eps / steps
    random_start: bool = True  # begin anywhere in the ball, else at the image
    loss: LossName = LossName.entropy  # entropy (as in the paper), margin, ratio
    density: float = 0.01  # share of values that a step in norm=l1 moves, those with the largest gradients
    stop: bool = (
        True  # leave an image alone once it is taken as wished; never on a stand-in, where that transfers badly
    )


@dataclass
class MiFgsmConfig:
    steps: int = 10  # with gradient, each of eps / steps
    mu: float = 1.0  # share of the accumulated gradient that is kept at each step; 0: I-FGSM
    stop: bool = False  # leave an image alone once it is taken as wished: cheaper, but carries over less


def require_positive(attack: str, **numbers: float) -> None:
    """Raise :class:`BadOption` for the first of the attack's numbers that is not above zero."""
    for name, value in numbers.items():
        if not value > 0:
            raise BadOption(f"attack={attack} needs attack.{name} above 0, got {value}")


def check_iterated(config: IteratedFgsmConfig) -> None:
    """Raise :class:`BadOption` for numbers with which it could not run."""
    require_positive("i-fgsm", alpha=config.alpha)
    if config.steps < 0:
        raise BadOption(f"attack.steps of i-fgsm must be positive, or 0 for the paper's number, got {config.steps}")


def check_pgd(config: PgdConfig) -> None:
    """Raise :class:`BadOption` for numbers with which it could not run."""
    require_positive("pgd", steps=config.steps, reach=config.reach, density=config.density)
    if config.density > 1:
        raise BadOption(f"attack.density of pgd is a share of the values, above 0 and at most 1, got {config.density}")


def check_mi_fgsm(config: MiFgsmConfig) -> None:
    """Raise :class:`BadOption` for numbers with which it could not run."""
    require_positive("mi-fgsm", steps=config.steps)
    if not config.mu >= 0:
        raise BadOption(f"attack.mu of mi-fgsm must not be negative, got {config.mu}")
