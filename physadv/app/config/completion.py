"""``physadv completion bash|zsh|fish``: a script that completes commands, options and what can be chosen.

Everything is in the script: a key press starts no program. It is made without torch and without hydra, from the same
dataclasses as ``--help``; run it again after installing a plugin.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from physadv.app.commands import COMMANDS, Command, with_options
from physadv.app.config.added_groups import added_groups
from physadv.app.config.completion_scripts import SCRIPTS, Options, Vocabulary
from physadv.app.config.groups import GROUPS, PRESETS, kind_of, penalty_key
from physadv.app.config.locate import conf_dir
from physadv.app.config.own_presets import IN_FOLDERS
from physadv.app.registry import Registry
from physadv.core.errors import BadOption


def completion(shell: str, registry: Registry) -> str:
    """The script for a shell. Raises :class:`BadOption` for another shell."""
    if shell not in SCRIPTS:
        raise BadOption(f"physadv completion is for one of {', '.join(SCRIPTS)}, got {shell or 'nothing'!r}")
    tables = {command.words: options_of(command, registry) for command in with_options()}
    return SCRIPTS[shell](Vocabulary(tuple(COMMANDS.values()), tables))


def options_of(command: Command, registry: Registry) -> Options:
    """Every option of a command with every part; of the parts that can be chosen, the options of all."""
    groups = _groups(command)
    found: Options = {}
    for key, values in _fields(command.options, ""):
        if key not in groups:
            found[key] = values
    for group in groups:
        found[group] = tuple(_choices(group, command, registry))
        for owner in _owners(group, command, registry):
            found |= {key: values for key, values in _fields(owner, f"{group}.") if key not in found}
    for group in added_groups(registry.config_dirs(), {*_shipped(), *GROUPS, *found}):
        found[group] = tuple(_choices(group, command, registry))
    if "penalties" in found:
        del found["penalties"]
        for offered in registry.offered("penalties"):
            found |= dict(_fields(offered.entry.config, f"penalties.{penalty_key(offered.entry.name)}."))
    return found


def _shipped() -> list[str]:
    return [place.name for place in conf_dir().iterdir() if place.is_dir()]


def _groups(command: Command) -> list[str]:
    """The groups of its defaults list, without those nobody chooses."""
    defaults = yaml.safe_load((conf_dir() / f"{command.config_name}.yaml").read_text(encoding="utf-8"))["defaults"]
    names = [str(key).split()[-1] for item in defaults if isinstance(item, Mapping) for key in item]
    return [name for name in names if name not in ("run", "penalties")]


def _choices(group: str, command: Command, registry: Registry) -> Iterator[str]:
    if group in command.groups:
        yield from (offered.entry.name for offered in registry.offered(kind_of(group, command)))
        return
    for folder in (conf_dir(), *map(Path, registry.config_dirs())):
        place = folder / group / (command.presets if group in IN_FOLDERS else "")
        yield from sorted(file.stem for file in place.glob("*.yaml"))


def _owners(group: str, command: Command, registry: Registry) -> Iterator[type]:
    if group in command.groups:
        yield from (offered.entry.config for offered in registry.offered(kind_of(group, command)))
    elif group in PRESETS:
        yield PRESETS[group]


def _fields(owner: type, prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    hints = typing.get_type_hints(owner)
    for spec in dataclasses.fields(owner):
        kind: Any = hints[spec.name]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            yield from _fields(kind, f"{prefix}{spec.name}.")
        else:
            yield f"{prefix}{spec.name}", _values(kind)


def _values(kind: Any) -> tuple[str, ...]:
    kinds = [kind, *typing.get_args(kind)]
    if bool in kinds:
        return ("true", "false")
    return next((tuple(one.__members__) for one in kinds if isinstance(one, type) and issubclass(one, Enum)), ())
