"""Options that make a patch carry over to victims it was not optimised on. Imports no torch.

None of it is used while judging or on the held-out draws. Every default is off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from physadv.core.errors import BadOption


@dataclass
class CutoutConfig:
    """A grey rectangle of the patch's shape over each print, so that no one place of it matters (Huang et al. 2023)."""

    probability: float = 0.0  # share of the prints that get a grey rectangle; 0: off, T-SEA 0.9
    side: float = 0.4  # of the rectangle, as a share of the patch's own sides


@dataclass
class EraseConfig:
    """Blocks of the print that are not there, ever more of them and ever smaller (DePatch, 2024)."""

    share: list[float] = field(default_factory=lambda: [0.0, 0.0])  # of blocks, first and last step; DePatch [0.2,0.5]
    blocks: list[int] = field(default_factory=lambda: [2, 6])  # along each side, at the first step and at the last


@dataclass
class CurriculumConfig:
    """Draw the poses more often at which the loss is high (Hu et al. 2023, AdvCaT)."""

    sharpness: float = 0.0  # poses are drawn by softmax(sharpness × loss of the bin ÷ the worst bin's); AdvCaT 10
    yaw_bins: int = 12  # over eot.jitter.yaw_deg or, where the scenes know distances, over the yaw that the camera sees
    distance_bins: int = 4  # over the distances seen so far, by their logarithm; only where the scenes know them
    halve_every: int = 50  # steps after which all that was seen before counts half
    candidates: int = 3  # scenes made for each that is used, where distances are known


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


def check_range(name: str, span: Sequence[float], low: float, high: float) -> None:
    """Raise :class:`BadOption` unless ``span`` is two numbers within ``low`` and ``high``."""
    if len(span) != 2 or not all(low <= value <= high for value in span):
        raise BadOption(f"{name} must be two numbers within [{low:g}, {high:g}], got {list(span)}")


def check(cutout: CutoutConfig, erase: EraseConfig, curriculum: CurriculumConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    if not 0 <= cutout.probability <= 1:
        raise BadOption(f"transfer.cutout.probability must be within [0, 1], got {cutout.probability}")
    if not 0 < cutout.side < 1:
        raise BadOption(f"transfer.cutout.side must be between 0 and 1, got {cutout.side}")
    check_range("transfer.erase.share", erase.share, 0, 0.9)
    check_range("transfer.erase.blocks", erase.blocks, 1, 64)
    if not 0 <= curriculum.sharpness <= 100:
        raise BadOption(f"transfer.curriculum.sharpness must be within [0, 100], got {curriculum.sharpness}")
    limits = {"yaw_bins": (1, 360), "distance_bins": (1, 100), "halve_every": (1, 10**6), "candidates": (1, 20)}
    for name, (low, high) in limits.items():
        if not low <= (value := getattr(curriculum, name)) <= high:
            raise BadOption(f"transfer.curriculum.{name} must be within [{low}, {high}], got {value}")


def check_shake(config: ShakeConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    if not 0 <= config.probability <= 1:
        raise BadOption(f"transfer.shake.probability must be within [0, 1], got {config.probability}")
    for name in ("forward", "backward"):
        check_range(f"transfer.shake.{name}", span := getattr(config, name), -10, 10)
        if span[0] > span[1]:
            raise BadOption(f"transfer.shake.{name} must go from low to high, got {list(span)}")
