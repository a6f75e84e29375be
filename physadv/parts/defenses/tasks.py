"""Which victims a defence knows how to stand before."""

from __future__ import annotations

from typing import Any

from physadv.core.access import Task
from physadv.core.defended import defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Defense, Victim

_WHO = {Task.detection: "a detector", Task.classification: "a classifier", Task.control: "a policy"}


def require_task(defense: Defense, victim: Victim[Any, Any], task: Task, why: str) -> None:
    """Raise :class:`IncompatibleParts` unless the victim's task is this one; ``why`` says what the defence does."""
    if victim.task is not task:
        raise IncompatibleParts(
            f"defense {defense.name!r} {why}, so it needs {_WHO[task]}, but victim {victim.name!r} is "
            f"{_WHO[victim.task]}. Choose another victim, or another defense="
        )


def require_no_memory(defense: Defense, victim: Victim[Any, Any]) -> None:
    """Raise :class:`IncompatibleParts` where the victim behind remembers frames.

    A proof holds of answers that depend on the picture alone.
    """
    behind = defended_in(victim)
    memories = [d for d in behind.defenses if d.kind is DefenseKind.temporal] if behind else []
    if memories:
        raise IncompatibleParts(
            f"defense {defense.name!r} proves answers on single pictures, but victim {victim.name!r} remembers "
            f"frames. Let the memory come first: {memories[0].name} before {defense.name}"
        )
