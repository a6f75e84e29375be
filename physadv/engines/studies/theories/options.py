"""How much work a study does. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum

from physadv.core.errors import BadOption


class StudySize(StrEnum):
    """How thorough a study is."""

    smoke = "smoke"
    """Seconds, to see that everything fits together; its findings mean nothing."""
    laptop = "laptop"
    """Up to a minute on a core."""


class StudyData(StrEnum):
    """Pictures that need no download."""

    digits = "digits"
    mnist = "mnist"


@dataclass
class EffortConfig:
    """Numbers of a study; 0 leaves them to the size."""

    size: StudySize = StudySize.laptop  # laptop: up to a minute; smoke: seconds, as a trial
    seeds: int = 0  # nets that differ in nothing but their start, for every point of a figure
    train: int = 0  # pictures to learn from
    test: int = 0  # pictures to judge on, which no net has learnt from
    epochs: int = 0  # of learning


SIZES = {
    StudySize.smoke: EffortConfig(seeds=1, train=200, test=40, epochs=8),
    StudySize.laptop: EffortConfig(seeds=3, train=1200, test=300, epochs=30),
}
"""Size → what a study does that says nothing else."""


def merged(typed: EffortConfig, otherwise: EffortConfig) -> EffortConfig:
    """What was typed, and for zeros the other. Raises :class:`BadOption` for numbers below 0."""
    given = {one.name: getattr(typed, one.name) for one in fields(EffortConfig) if one.name != "size"}
    for name, value in given.items():
        if value < 0:
            raise BadOption(f"effort.{name} must be at least 1, or 0 for what the size has, got {value}")
    return replace(otherwise, size=typed.size, **{name: value for name, value in given.items() if value})
