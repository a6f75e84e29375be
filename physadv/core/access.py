"""What a victim is for, and how much of it an attacker may use. Imports no torch, so that options can name it."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class AccessLevel(IntEnum):
    """What an attacker gets to see of a victim; more of it is greater."""

    decisions = 1
    """What it reports. Its outputs are there to be decided on and for nothing else."""
    scores = 2
    """Its outputs, too, without gradient."""
    gradients = 3
    """Its outputs with their gradient at the images."""


class Task(StrEnum):
    """What a victim is asked to say of an image; its outputs and decisions follow from it."""

    detection = "detection"
    """Which objects are where: ``Candidates``, decided as ``Detections``."""
    classification = "classification"
    """What the whole picture shows: ``ClassLogits``, decided as ``TopClasses``."""
    control = "control"
    """What is to be done: ``ActionLogits``, decided as ``Actions``."""
