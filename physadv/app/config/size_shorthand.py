"""``size=smoke`` where sizes are not those of ``generate``: of studies an option, of others a folder of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from physadv.app.commands import Command

_SHORT, _WHOLE = "size=", "effort.size="


def own_sizes(command: Command, words: Sequence[str]) -> list[str]:
    """The words with ``size=smoke`` as ``effort.size=smoke`` for studies, as ``size=perturb/smoke`` for perturb."""
    if any(one.name == "effort" for one in fields(command.options)):
        return [_WHOLE + word.removeprefix(_SHORT) if word.startswith(_SHORT) else word for word in words]
    if not command.sizes:
        return list(words)
    return [_below(command.sizes, word) if word.startswith(_SHORT) else word for word in words]


def _below(folder: str, word: str) -> str:
    names = word.removeprefix(_SHORT).split(",")
    return _SHORT + ",".join(name if "/" in name or not name else f"{folder}/{name}" for name in names)
