"""Options of the simple changes. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class BrightnessConfig:
    limit: float = 0.5  # the largest amount that is added to every value in [0, 1], or taken from it
    steps: int = 20  # amounts tried up to it, each way


@dataclass
class RotationConfig:
    limit_deg: float = 30.0  # the largest turn
    steps: int = 30  # turns tried up to it, each way


@dataclass
class TranslationConfig:
    limit_px: int = 3  # the largest shift in x and in y; all whole ones up to it are tried


def check_brightness(config: BrightnessConfig) -> None:
    """Raise :class:`BadOption` for numbers with which nothing could be tried."""
    if not 0 < config.limit <= 1 or config.steps < 1:
        raise BadOption(
            f"attack=brightness needs limit over 0 and at most 1, and steps >= 1, got {config.limit}, {config.steps}"
        )


def check_rotation(config: RotationConfig) -> None:
    """As :func:`check_brightness`."""
    if not 0 < config.limit_deg <= 180 or config.steps < 1:
        raise BadOption(
            f"attack=rotation needs limit_deg over 0 and at most 180, and steps >= 1, "
            f"got {config.limit_deg}, {config.steps}"
        )


def check_translation(config: TranslationConfig) -> None:
    """As :func:`check_brightness`."""
    if config.limit_px < 1:
        raise BadOption(f"attack=translation needs limit_px >= 1, got {config.limit_px}")
