"""Access levels and tasks of victims. Imports no torch, so that options can name them."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class AccessLevel(IntEnum):
    """How much of a victim an attacker gets to see; more of it is greater."""

    decisions = 1
    """Its reports. Its outputs are there to be decided on and for nothing else."""
    scores = 2
    """Its outputs, too, without gradient."""
    gradients = 3
    """Its outputs with their gradient at the images."""


class Task(StrEnum):
    """The question a victim answers about an image; its outputs and decisions follow from it."""

    detection = "detection"
    """Which objects are where: ``Candidates``, decided as ``Detections``."""
    classification = "classification"
    """The class of the whole picture: ``ClassLogits``, decided as ``TopClasses``."""
    control = "control"
    """The next action: ``ActionLogits``, decided as ``Actions``."""
