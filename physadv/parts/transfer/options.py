"""Options that make a patch carry over to victims it was not optimised on. All are off unless asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.parts.transfer.hardening_options import CurriculumConfig, CutoutConfig, EraseConfig, check_range


@dataclass
class ShakeConfig:
    """Residual branches of the victims times random factors (ShakeDrop, as in Huang et al. 2023, T-SEA)."""

    probability: float = 0.0  # of a branch to be shaken, each time; 0: off, T-SEA 0.5
    forward: list[float] = field(default_factory=lambda: [0.0, 2.0])  # range of the factor of its output
    backward: list[float] = field(default_factory=lambda: [0.0, 2.0])  # range of the factor of its gradient


@dataclass
class TransferConfig:
    """Only while optimising: never on the held-out draws, never while judging."""

    cutout: CutoutConfig = field(default_factory=CutoutConfig)
    erase: EraseConfig = field(default_factory=EraseConfig)
    shake: ShakeConfig = field(default_factory=ShakeConfig)
    curriculum: CurriculumConfig = field(default_factory=CurriculumConfig)


def check_shake(config: ShakeConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    if not 0 <= config.probability <= 1:
        raise BadOption(f"transfer.shake.probability must be within [0, 1], got {config.probability}")
    for name in ("forward", "backward"):
        check_range(f"transfer.shake.{name}", span := getattr(config, name), -10, 10)
        if span[0] > span[1]:
            raise BadOption(f"transfer.shake.{name} must go from low to high, got {list(span)}")
