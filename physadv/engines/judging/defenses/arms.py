"""The patches that a defence is judged with, and how each of them came to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from physadv.parts.patches.controls import CLEAN, GREY, PATCH, RANDOM


class AttackColumn(StrEnum):
    """Who attacks, a column of the table each, from nobody to the one who knows most."""

    none = "no attack"
    grey = "grey"
    random = "random"
    unaware = "unaware"
    """Optimised without the defence."""
    adaptive = "adaptive"
    """Optimised through the defence by one who knows it; the worst over restarts and λ."""
    black_box = "black box"
    """Searched for behind the defence by one who sees scores alone."""


OF_ARM = {CLEAN: AttackColumn.none, GREY: AttackColumn.grey, RANDOM: AttackColumn.random, PATCH: AttackColumn.unaware}
"""Arm of every judgement → the attack that it is."""


@dataclass(frozen=True)
class Attempt:
    """One attack on one victim behind its defences, made for the table."""

    arm: str  # of its patch
    attack: AttackColumn  # adaptive or black box
    seed: int
    evasion: float | None = None  # λ; None: the defence looks for nothing that could be evaded
    queries: int | None = None  # pictures that the victim was asked about
    folder: str = ""  # of its run, below the table's

    def plain(self) -> dict[str, Any]:
        """As ``defenses.json`` tells it."""
        return {
            "condition": self.arm, "attack": str(self.attack), "seed": self.seed, "evasion": self.evasion,
            "queries": self.queries, "folder": self.folder,
        }  # fmt: skip
