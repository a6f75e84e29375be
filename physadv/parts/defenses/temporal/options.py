"""Options of defences that remember frames. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class VoteConfig:
    needed: int = 2  # reports of an object among its last frames
    frames: int = 3  # that are looked back on, the present one among them


@dataclass
class HoldConfig:
    frames: int = 5  # for which a box is held
    seen: int = 3  # frames in which it must have been reported before
    alone: bool = False  # hold also what has no neighbours to compare with


def check_vote(config: VoteConfig) -> None:
    """Refuse a vote that nobody can win, or that is none."""
    if config.frames < 2:
        raise BadOption(f"defense.frames of vote must be at least 2, got {config.frames}: one frame is no vote")
    if not 1 <= config.needed <= config.frames:
        raise BadOption(f"defense.needed of vote must be from 1 to frames={config.frames}, got {config.needed}")


def check_hold(config: HoldConfig) -> None:
    """Refuse to hold for no time."""
    for option, value in (("frames", config.frames), ("seen", config.seen)):
        if value < 1:
            raise BadOption(f"defense.{option} of hold must be at least 1, got {value}")
