"""``size=smoke`` for studies: what other commands choose from a group of presets is an option of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from physadv.app.commands import Command

_SHORT, _WHOLE = "size=", "effort.size="


def sizes_of_studies(command: Command, words: Sequence[str]) -> list[str]:
    """``size=smoke`` as ``effort.size=smoke``, where the command has no group of that name."""
    if not any(one.name == "effort" for one in fields(command.options)):
        return list(words)
    return [_WHOLE + word.removeprefix(_SHORT) if word.startswith(_SHORT) else word for word in words]
