"""``run.json`` as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from physadv.library.runs.options import expecting
from physadv.library.runs.record import RunRecord

_TYPES: dict[str, type | tuple[type, ...]] = {
    "command": str, "name": str, "seed": int, "choices": dict, "config": dict, "victims": (list, tuple), "data": dict,
    "patch_mm": (list, tuple), "scores": (list, tuple), "artefacts": (list, tuple), "environment": dict, "made": str,
}  # fmt: skip
"""Of the fields of ``run.json``."""


@dataclass(frozen=True)
class RunFacts(RunRecord):
    """``run.json``: what the run was, with what, and the outcome."""

    made: str = ""  # when it ended, in UTC
    environment: Mapping[str, Any] = field(default_factory=dict)  # versions, platform, commit


def facts_in(content: Mapping[str, Any], file: Path) -> RunFacts:
    """The facts that a file holds. Raises :class:`BadInput` where it is damaged."""
    known = {one.name for one in fields(RunFacts)}
    with expecting(file):
        facts = RunFacts(**{name: value for name, value in content.items() if name in known})
        for name, kinds in _TYPES.items():
            if not isinstance(value := getattr(facts, name), kinds):
                raise TypeError(f"{name} is {value!r}")
    return facts
