"""Config groups that plugins and users bring: a folder of presets whose name is none of ours, ``acme/night.yaml``.

Each of its files changes options of a command, whatever groups they stand in, and none is chosen by itself. Hydra calls
that to append to the list of defaults and writes it ``+acme=night``; here it is typed as any other choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from pathlib import Path

from physadv.core.errors import BadOption


def added_groups(folders: Iterable[str | Path], ours: Collection[str]) -> frozenset[str]:
    """Names of the folders with presets in them that are no group or option of the command or of another."""
    found = set()
    for folder in map(Path, folders):
        for place in folder.iterdir() if folder.is_dir() else ():
            if place.name not in ours and place.name.isidentifier() and any(place.glob("*.yaml")):
                found.add(place.name)
    return frozenset(found)


def appended(ready: Sequence[str], added: Set[str], chosen: Collection[str]) -> list[str]:
    """Overrides in Hydra's grammar, with those of ``added`` groups as it wants them.

    Appended where no preset has ``chosen`` of the group already; null takes a preset's choice away.
    """
    return [word for text in ready for word in _as_added(text, added, chosen)]


def _as_added(text: str, added: Set[str], chosen: Collection[str]) -> Sequence[str]:
    key, _, value = text.partition("=")
    if key not in added:
        return (text,)
    if value == "null":
        return (f"~{key}",) if key in chosen else ()
    return (text,) if key in chosen else (f"+{text}",)


def expect_delta(group: str, typed: Sequence[str]) -> None:
    """Raise :class:`BadOption` for a preset that Hydra has put below its group, and for options typed there.

    No command has options there.
    """
    if any(text.startswith(f"{group}.") for text in typed):
        raise BadOption(f"{group} chooses a preset and has no options of its own. Write {group}=NAME, and the options "
                        "that it sets by their own names")  # fmt: skip
    chosen = [text.partition("=")[2] for text in typed if text.lstrip("+").startswith(f"{group}=")]
    name = chosen[-1] if chosen else "NAME"
    raise BadOption(
        f"the preset {group}={name} says not where its options belong. Begin {group}/{name}.yaml with the line "
        "'# @package _global_', and write them as a command has them"
    )
