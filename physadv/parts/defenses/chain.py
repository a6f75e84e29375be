"""Several defences, one behind another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption
from physadv.core.protocols import Defense, Victim

_HARDEST_FIRST = (
    DefenseKind.temporal,
    DefenseKind.certified,
    DefenseKind.alarm,
    DefenseKind.localising,
    DefenseKind.random,
    DefenseKind.quantising,
    DefenseKind.smooth,
)


class Chain:
    """The picture passes the first defence first: ``jpeg+median`` shows the victim medians of JPEG files."""

    def __init__(self, defenses: Sequence[Defense]) -> None:
        if not defenses:
            raise BadOption("a chain of defenses needs at least one: jpeg+median, or [jpeg, {part: median}]")
        self.defenses = tuple(defenses)

    @property
    def name(self) -> str:
        return "+".join(defense.name for defense in self.defenses)

    @property
    def kind(self) -> DefenseKind:
        """That of the link which asks most of an attack."""
        return min((defense.kind for defense in self.defenses), key=_HARDEST_FIRST.index)

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim behind all of them."""
        for defense in reversed(self.defenses):
            victim = defense.around(victim)
        return victim
