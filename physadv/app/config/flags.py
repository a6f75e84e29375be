"""The flags of a command, apart from its options. Only those that physadv documents; Hydra has more."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from physadv.core.errors import BadInput, BadOption

_NAMES = {
    "-h": "--help",
    "-m": "--multirun",
    "-c": "--cfg",
    "-cd": "--config-dir",
    "-p": "--package",
}
_VALUES = {"--cfg": ("job", "hydra", "all"), "--config-dir": None, "--package": None}
_KNOWN = ("--help", "--multirun", "--cfg", "--config-dir", "--package", "--resolve")
_ELSEWHERE = {
    "--config-name": "a command has one configuration; presets are chosen by option (eot=, experiment=, size=, ...)",
    "--config-path": "presets of your own lie in the folder that --config-dir names",
    "--info": "--cfg job shows the configuration, plugins list all parts",
    "--version": "write physadv --version",
}


@dataclass
class Flags:
    """Flags of the command line, which are no options."""

    help: bool = False
    multirun: bool = False
    presets: str = ""  # folder of --config-dir
    shown: list[str] = field(default_factory=list)  # --cfg and its kin, as Hydra takes them
    typed: list[str] = field(default_factory=list)  # key=value


def read_flags(args: Sequence[str]) -> Flags:
    """Sort what was typed; a flag that is not known, or a value that is not, is one line of :class:`BadOption`."""
    flags, rest = Flags(), list(args)
    while rest:
        arg = rest.pop(0)
        if not arg.startswith("-"):
            flags.typed.append(arg)
            continue
        name, equals, value = arg.partition("=")
        name = _NAMES.get(name, name)
        if name not in _KNOWN:
            raise BadOption(_unknown(name))
        if name not in _VALUES and equals:
            raise BadOption(f"{name} takes no value, got {arg!r}")
        if name in _VALUES and not equals:
            if not rest:
                raise BadOption(f"{name} needs a value: {_example(name)}")
            value = rest.pop(0)
        _take(flags, name, value)
    return flags


def _take(flags: Flags, name: str, value: str) -> None:
    if name == "--help":
        flags.help = True
    elif name == "--multirun":
        flags.multirun = True
    elif name == "--config-dir":
        if not Path(value).expanduser().is_dir():
            raise BadInput(f"--config-dir {value}: there is no such folder. It holds presets, such as eot/mine.yaml")
        flags.presets = value
    else:
        choices = _VALUES.get(name)
        if choices and value not in choices:
            raise BadOption(f"{name} shows one of {', '.join(choices)}, got {value!r}. Write {_example(name)}")
        flags.shown += [name, value] if name in _VALUES else [name]


def _example(name: str) -> str:
    return {"--cfg": "--cfg job", "--config-dir": "--config-dir FOLDER", "--package": "--package victim"}[name]


def _unknown(name: str) -> str:
    if name in _ELSEWHERE:
        return f"there is no flag {name}: {_ELSEWHERE[name]}"
    near = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"there is no flag {name!r}.{hint} Known: {', '.join(_KNOWN)}. Options are written key=value"
