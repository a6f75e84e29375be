"""Options of defences. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class NoDefenseConfig:
    pass
