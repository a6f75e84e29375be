"""``size=smoke`` and ``experiment=…`` of a command whose presets lie in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from physadv.app.commands import COMMANDS, Command

IN_FOLDERS = ("size", "experiment")
"""Groups in which a command may have a folder of its own."""


def own_presets(command: Command, words: Sequence[str]) -> list[str]:
    """The words with ``size=smoke`` as ``size=perturb/smoke``, where the command has presets below ``perturb``."""
    if not command.presets:
        return list(words)
    return [_below(command.presets, word) if word.partition("=")[0] in IN_FOLDERS else word for word in words]


def shown_presets(command: Command, group: str, names: Iterable[str]) -> list[str]:
    """Names of a group as the command's user types them: of folders that commands have for themselves, its own."""
    if group not in IN_FOLDERS:
        return list(names)
    own = f"{command.presets}/"
    if command.presets:
        return [name.removeprefix(own) for name in names if name.startswith(own)]
    others = tuple(f"{one.presets}/" for one in COMMANDS.values() if one.presets)
    return [name for name in names if not name.startswith(others)]


def _below(folder: str, word: str) -> str:
    key, equals, value = word.partition("=")
    names = value.split(",")
    return (
        key + equals + ",".join(name if "/" in name or name in ("", "null") else f"{folder}/{name}" for name in names)
    )
