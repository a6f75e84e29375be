"""Which victims a defence knows how to stand before."""

from __future__ import annotations

from typing import Any

from physadv.core.access import Task
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
