"""The scripts of ``physadv completion``, one a shell, from what commands and options there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from physadv.app.commands import Command

Options = dict[str, tuple[str, ...]]
"""Option → what it can be; nothing: a number, a text or a file."""

FLAGS = ("--help", "--multirun", "--cfg", "--config-dir")


@dataclass(frozen=True)
class Second:
    """Words that may stand behind a first word."""

    first: str  # "calibrate", "report"
    words: tuple[str, ...]
    whole: str  # "yes" where the first word is a command by itself, else nothing
    paths: str  # "yes" where a file or folder may stand there, else nothing


@dataclass(frozen=True)
class Vocabulary:
    """All that a script completes."""

    commands: Sequence[Command]
    tables: Mapping[str, Options]  # of each command with options

    @property
    def firsts(self) -> str:
        """The first words of all commands."""
        return " ".join(dict.fromkeys([*(row.words.split()[0] for row in self.commands), "help"]))

    def seconds(self) -> list[Second]:
        """The words that may stand behind each first word, where any may."""
        found = [
            Second(row.words, row.then, "yes", "yes" if row.takes_paths else "") for row in self.commands if row.then
        ]
        pairs = [row.words.split() for row in self.commands if " " in row.words]
        for first in dict.fromkeys(pair[0] for pair in pairs):
            found.append(Second(first, tuple(pair[1] for pair in pairs if pair[0] == first), "", ""))
        return found


def _bash(known: Vocabulary) -> str:
    keys = "\n".join(f'    "{c}") opts="{" ".join(f"{o}=" for o in t)}";;' for c, t in known.tables.items())
    values = "\n".join(
        f'    "{c} {o}") vals="{" ".join(v)}";;' for c, t in known.tables.items() for o, v in t.items() if v
    )  # fmt: skip
    firsts = known.firsts
    seconds = "\n".join(
        f'    {s.first}) next="{" ".join(s.words)}" whole="{s.whole}" paths="{s.paths}";;' for s in known.seconds()
    )
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
  local line="${{COMP_LINE:0:COMP_POINT}}" cur words cmd next="" whole="" paths="" opts="" vals="" key place=""
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
    [[ -n $paths ]] && _physadv_files "$cur"
    return
  fi
  [[ -n $next && -z $whole ]] && cmd="$cmd ${{words[2]}}"
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


def _zsh(known: Vocabulary) -> str:
    keys = "\n".join(f"    ('{c}') opts=({' '.join(t)});;" for c, t in known.tables.items())
    values = "\n".join(
        f"      ('{c} {o}') vals=({' '.join(v)});;" for c, t in known.tables.items() for o, v in t.items() if v
    )
    firsts = known.firsts
    seconds = "\n".join(
        f"    {s.first}) next=({' '.join(s.words)}) whole='{s.whole}' paths='{s.paths}';;" for s in known.seconds()
    )
    return f"""#compdef physadv
# physadv: source <(physadv completion zsh)
_physadv() {{
  local cmd=$words[2] key whole paths
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
      [[ -n $paths ]] && _files
      return
    fi
    [[ -z $whole ]] && cmd="$cmd $words[3]"
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


def _fish(known: Vocabulary) -> str:
    firsts = known.firsts
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
    for second in known.seconds():
        lines.append(f"complete -c physadv -n '__physadv_first {second.first}' -a '{' '.join(second.words)}'")
    for command, table in known.tables.items():
        words = [f"{option}={value}" for option, values in table.items() for value in values or ("",)]
        lines.append(f"complete -c physadv -n '__physadv_is {command}' -a '{' '.join(words)} {' '.join(FLAGS)}'")
    return "\n".join(lines) + "\n"


SCRIPTS: dict[str, Callable[[Vocabulary], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
