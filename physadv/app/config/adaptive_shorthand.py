"""``adaptive=true``: short for ``adaptive.on=true``."""

from __future__ import annotations

from collections.abc import Sequence

from physadv.app.commands import Command

_SHORT = ("true", "false")


def adaptive_attacks(command: Command, typed: Sequence[str]) -> list[str]:
    """The options with ``adaptive=true`` and ``adaptive=false`` written out; a mapping stays as it is."""
    if command.words != "evaluate":
        return list(typed)
    return [_written_out(text) for text in typed]


def _written_out(text: str) -> str:
    key, _, value = text.partition("=")
    return f"adaptive.on={value}" if key == "adaptive" and value.strip().lower() in _SHORT else text
