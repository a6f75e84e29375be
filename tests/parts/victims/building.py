"""Build victims through their rows, as the command line does."""

from __future__ import annotations

from typing import Any

from physadv.core.protocols import Victim
from physadv.parts.victims.entries import physadv_victims


def build_victim(name: str, **options: Any) -> Victim[Any, Any]:
    row = next(row for row in physadv_victims() if row.name == name)
    return row.build(row.config(**options))
