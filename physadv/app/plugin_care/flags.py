"""Words of the ``plugins`` commands: a name, flags with a value, ``--json``. They need no configuration."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from physadv.core.errors import BadOption
from physadv.core.nearest import did_you_mean


@dataclass(frozen=True)
class GivenWords:
    """What was typed."""

    command: str
    name: str
    values: dict[str, str]
    as_json: bool
    options: tuple[str, ...] = ()  # words with a "=", where the command takes such

    def needed(self, flag: str, what: str) -> str:
        """The value of a flag that must be there. Raises :class:`BadOption`."""
        if flag not in self.values:
            raise BadOption(f"physadv {self.command} needs {flag}, {what}")
        return self.values[flag]


def read_flags(
    command: str, usage: str, words: Sequence[str], *, values: Sequence[str] = (), names: str = "",
    options: bool = False,
) -> GivenWords | None:  # fmt: skip
    """Read the words; ``None`` where help was asked, which is printed then.

    ``names`` says which one name must be given. ``values`` are the flags that take a value, as ``--kind defense`` or
    ``--kind=defense``. With ``options`` words with a "=" are kept as they are. Raises :class:`BadOption` for anything
    else.
    """
    if {"-h", "--help"} & set(words):
        sys.stdout.write(usage + "\n")
        return None
    given: dict[str, str] = {}
    bare, typed, as_json, rest = [], [], False, list(words)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if word == "--json":
            as_json = True
        elif flag in values:
            if not equals and (not rest or rest[0].startswith("-")):
                raise BadOption(f"physadv {command}: {flag} needs a value")
            given[flag] = value if equals else rest.pop(0)
        elif word.startswith("-"):
            known = (*values, "--json")
            raise BadOption(
                f"physadv {command} has no flag {flag!r}{did_you_mean(flag, known) or '.'} It has {', '.join(known)}"
            )
        elif options and equals:
            typed.append(word)
        else:
            bare.append(word)
    if len(bare) != (1 if names else 0):
        due = f"one {names}" if names else "no name"
        raise BadOption(f"physadv {command} takes {due}, got {' '.join(bare) or 'none'}. See physadv {command} --help")
    return GivenWords(command, bare[0] if bare else "", given, as_json, tuple(typed))
