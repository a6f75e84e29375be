"""``physadv completion bash|zsh|fish``: a script that completes commands, options and what can be chosen.

Everything is in the script: a key press starts no program. It is made without torch and without hydra, from the same
dataclasses as ``--help``; run it again after installing a plugin.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from physadv.app.config.commands import COMMANDS, GROUPS, PARTS, penalty_key
from physadv.app.config.locate import conf_dir
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.engines.judging.options import ProtocolConfig
from physadv.parts.printing.options import InkConfig
from physadv.parts.render.options import EotConfig

Options = dict[str, tuple[str, ...]]
"""Option → what it can be; nothing: a number, a text or a file."""

FLAGS = ("--help", "--multirun", "--cfg", "--config-dir")
_PRESETS: dict[str, type] = {"eot": EotConfig, "ink": InkConfig, "protocol": ProtocolConfig}


def completion(shell: str, commands: Sequence[str], registry: Registry) -> str:
    """The script for a shell; ``commands`` are all of them, with the words behind ("calibrate eot")."""
    if shell not in _SCRIPTS:
        raise BadOption(f"physadv completion is for one of {', '.join(_SCRIPTS)}, got {shell or 'nothing'!r}")
    tables = {command.replace("_", " "): options_of(command, registry) for command in COMMANDS}
    return _SCRIPTS[shell](list(commands), tables)


def options_of(command: str, registry: Registry) -> Options:
    """Every option of a command with every part; of the parts that can be chosen, the options of all."""
    schema = COMMANDS[command]
    groups = _groups(command)
    found: Options = {}
    for key, values in _fields(schema, ""):
        if key not in groups:
            found[key] = values
    for group in groups:
        found[group] = tuple(_choices(group, command, registry))
        for owner in _owners(group, command, registry):
            found |= {key: values for key, values in _fields(owner, f"{group}.") if key not in found}
    if "penalties" in found:
        del found["penalties"]
        for offered in registry.offered("penalties"):
            found |= dict(_fields(offered.entry.config, f"penalties.{penalty_key(offered.entry.name)}."))
    return found


def _groups(command: str) -> list[str]:
    """The groups of its defaults list, without those nobody chooses."""
    defaults = yaml.safe_load((conf_dir() / f"{command}.yaml").read_text(encoding="utf-8"))["defaults"]
    names = [str(key).split()[-1] for item in defaults if isinstance(item, Mapping) for key in item]
    return [name for name in names if name not in ("run", "penalties")]


def _choices(group: str, command: str, registry: Registry) -> Iterator[str]:
    if group in PARTS.get(command, ()):
        yield from (offered.entry.name for offered in registry.offered(GROUPS[group]))
        return
    for folder in (conf_dir(), *map(Path, registry.config_dirs())):
        yield from sorted(file.stem for file in (folder / group).glob("*.yaml"))


def _owners(group: str, command: str, registry: Registry) -> Iterator[type]:
    if group in PARTS.get(command, ()):
        yield from (offered.entry.config for offered in registry.offered(GROUPS[group]))
    elif group in _PRESETS:
        yield _PRESETS[group]


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


def _bash(commands: list[str], tables: Mapping[str, Options]) -> str:
    keys = "\n".join(f'    "{c}") opts="{" ".join(f"{o}=" for o in t)}";;' for c, t in tables.items())
    values = "\n".join(
        f'    "{c} {o}") vals="{" ".join(v)}";;' for c, t in tables.items() for o, v in t.items() if v
    )  # fmt: skip
    firsts = " ".join(dict.fromkeys(c.split()[0] for c in [*commands, "help", "completion"]))
    seconds = "\n".join(f'    {first}) next="{" ".join(rest)}";;' for first, rest in _second(commands).items())
    return f'''# physadv: source <(physadv completion bash)
_physadv_words() {{  # words, what was begun, what goes before and behind each
  local word
  for word in $1; do [[ $word == "$2"* ]] && COMPREPLY+=("$3$word$4"); done
}}
_physadv_files() {{
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen -f -P "$2" -- "$1"))
}}
_physadv() {{
  local line="${{COMP_LINE:0:COMP_POINT}}" cur words cmd next="" opts="" vals="" key place=""
  cur="${{line##*[[:space:]]}}"
  read -ra words <<< "${{line%"$cur"}}"
  cmd="${{words[1]}}"
  COMPREPLY=()
  case "$cmd" in
{seconds}
  esac
  if [[ ${{#words[@]}} -eq 1 || ( $cmd == help && ${{#words[@]}} -eq 2 ) ]]; then
    _physadv_words "{firsts} --help --version" "$cur" "" " "
    return
  fi
  if [[ -n $next && ${{#words[@]}} -eq 2 ]]; then
    _physadv_words "$next" "$cur" "" " "
    [[ $cmd == report ]] && _physadv_files "$cur"
    return
  fi
  [[ -n $next && $cmd != report ]] && cmd="$cmd ${{words[2]}}"
  case "$cmd" in
{keys}
  esac
  if [[ -z $opts ]]; then
    _physadv_files "$cur"
  elif [[ $cur != *=* ]]; then
    _physadv_words "$opts" "$cur" "" ""
    _physadv_words "{" ".join(FLAGS)}" "$cur" "" " "
  else
    key="${{cur%%=*}}"
    [[ $COMP_WORDBREAKS != *=* ]] && place="$key="
    case "$cmd $key" in
{values}
    esac
    cur="${{cur#*=}}"
    if [[ -n $vals ]]; then _physadv_words "$vals" "$cur" "$place" " "; else _physadv_files "$cur" "$place"; fi
  fi
}}
complete -o nospace -F _physadv physadv
'''


def _zsh(commands: list[str], tables: Mapping[str, Options]) -> str:
    keys = "\n".join(f"    ('{c}') opts=({' '.join(t)});;" for c, t in tables.items())
    values = "\n".join(
        f"      ('{c} {o}') vals=({' '.join(v)});;" for c, t in tables.items() for o, v in t.items() if v
    )
    firsts = " ".join(dict.fromkeys(c.split()[0] for c in [*commands, "help", "completion"]))
    seconds = "\n".join(f"    {first}) next=({' '.join(rest)});;" for first, rest in _second(commands).items())
    return f"""#compdef physadv
# physadv: source <(physadv completion zsh)
_physadv() {{
  local cmd=$words[2] key
  local -a next opts vals
  if (( CURRENT == 2 )); then
    compadd -- {firsts} --help --version
    return
  fi
  [[ $cmd == help ]] && {{ compadd -- {firsts}; return }}
  case $cmd in
{seconds}
  esac
  if (( $#next )); then
    if (( CURRENT == 3 )); then
      compadd -- $next
      [[ $cmd == report ]] && _files
      return
    fi
    [[ $cmd != report ]] && cmd="$cmd $words[3]"
  fi
  if [[ $PREFIX == *=* ]]; then
    key=${{PREFIX%%=*}}
    compset -P 1 '*='
    case "$cmd $key" in
{values}
    esac
    if (( $#vals )); then compadd -- $vals; else _files; fi
    return
  fi
  case $cmd in
{keys}
  esac
  if (( $#opts )); then compadd -S '=' -- $opts; compadd -- {" ".join(FLAGS)}; else _files; fi
}}
(( $+functions[compdef] )) && compdef _physadv physadv
"""


def _fish(commands: list[str], tables: Mapping[str, Options]) -> str:
    firsts = " ".join(dict.fromkeys(c.split()[0] for c in [*commands, "help", "completion"]))
    lines = [
        "# physadv: physadv completion fish | source",
        "function __physadv_is",
        "    set -l words (commandline -opc)",
        "    set -e words[1]",
        '    string match -q -- "$argv" "$words" "$words[1..2]" "$words[1]"',
        "end",
        "function __physadv_first",
        "    set -l words (commandline -opc)",
        "    test (count $words) -eq 2; and test $words[2] = $argv[1]",
        "end",
        "complete -c physadv -f -n 'test (count (commandline -opc)) -eq 1' -a '" + firsts + " --help --version'",
    ]
    for first, rest in _second(commands).items():
        lines.append(f"complete -c physadv -n '__physadv_first {first}' -a '{' '.join(rest)}'")
    for command, table in tables.items():
        words = [f"{option}={value}" for option, values in table.items() for value in values or ("",)]
        lines.append(f"complete -c physadv -n '__physadv_is {command}' -a '{' '.join(words)} {' '.join(FLAGS)}'")
    return "\n".join(lines) + "\n"


def _second(commands: Sequence[str]) -> dict[str, list[str]]:
    """The words behind a first word that is not yet a command."""
    found: dict[str, list[str]] = {"completion": list(_SCRIPTS), "report": ["compare"]}
    for command in commands:
        first, _, rest = command.partition(" ")
        if rest:
            found.setdefault(first, []).append(rest)
    return found


_SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
