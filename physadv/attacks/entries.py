"""Loops that change the patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from physadv.hookspecs import Entry, hookimpl

if TYPE_CHECKING:
    from physadv.protocols import Attack


@dataclass
class EotAdamConfig:
    lr: float = 0.03  # step size in sRGB units
    check_every: int = 10  # steps between measurements on the held-out draws, and between checkpoints
    patience: int = 5  # measurements without progress before the step size falls
    factor: float = 0.5  # by which it falls
    stop_lr: float = 0.0005  # stop early when the step size is below this


@dataclass
class EotPgdConfig:
    lr: float = 0.01  # step size in sRGB units: every texel moves by this much, by the gradient's sign
    check_every: int = 10  # steps between measurements on the held-out draws, and between checkpoints
    patience: int = 5  # measurements without progress before the step size falls
    factor: float = 0.5  # by which it falls
    stop_lr: float = 0.0005  # stop early when the step size is below this


def _adam(config: EotAdamConfig) -> Attack:
    from physadv.attacks.eot import Eot, Schedule, adam

    return Eot(adam, Schedule(config.lr, config.check_every, config.patience, config.factor, config.stop_lr))


def _pgd(config: EotPgdConfig) -> Attack:
    from physadv.attacks.eot import Eot, Schedule, sign_descent

    return Eot(sign_descent, Schedule(config.lr, config.check_every, config.patience, config.factor, config.stop_lr))


@hookimpl
def physadv_attacks() -> list[Entry[Any, Attack]]:
    return [
        Entry(
            "eot-adam", EotAdamConfig, _adam, "expectation over transformation, Adam on the texels",
            "Athalye et al. 2018, arXiv:1707.07397",
        ),
        Entry(
            "eot-pgd", EotPgdConfig, _pgd, "expectation over transformation, projected sign-gradient descent",
            "Madry et al. 2018, arXiv:1706.06083",
        ),
    ]  # fmt: skip
