"""A line of ``plugins check``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckFinding:
    """One thing that was looked at."""

    name: str
    state: str  # passed, failed, "not tried"
    said: str = ""
    seconds: float = 0.0
