"""Options of the attacks that change images. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class FgsmConfig:
    pass


def require_positive(attack: str, **numbers: float) -> None:
    """Raise :class:`BadOption` for the first of the attack's numbers that is not above zero."""
    for name, value in numbers.items():
        if not value > 0:
            raise BadOption(f"attack={attack} needs attack.{name} above 0, got {value}")
