"""``size=smoke`` where sizes are not those of ``generate`` but lie in a folder of their own."""

from __future__ import annotations

from collections.abc import Sequence

from physadv.app.commands import Command

_SHORT = "size="


def own_sizes(command: Command, words: Sequence[str]) -> list[str]:
    """The words with ``size=smoke`` as ``size=perturb/smoke``, where the command has sizes below ``perturb``."""
    if not command.sizes:
        return list(words)
    return [_below(command.sizes, word) if word.startswith(_SHORT) else word for word in words]


def _below(folder: str, word: str) -> str:
    names = word.removeprefix(_SHORT).split(",")
    return _SHORT + ",".join(name if "/" in name or not name else f"{folder}/{name}" for name in names)
