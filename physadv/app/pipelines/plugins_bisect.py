"""``physadv plugins bisect -- COMMAND ...``: find the plugin that makes a command fail. Needs no torch itself."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from physadv.app.plugin_care.bisection import Tries, culprits
from physadv.app.plugin_care.flags import read_flags
from physadv.app.registry import plugin_names
from physadv.core.errors import BadOption

USAGE = """usage: physadv plugins bisect [--seconds N] [--json] -- COMMAND [key=value ...]

  Runs the command with all plugins, with none, and then with halves of them, until the plugin is found without which it
  does not fail. Run folders go to a temporary place.

  --seconds  after which a try counts as failed; without it a try may take for ever"""


def plugins_bisect(words: Sequence[str]) -> int:
    """Print the plugin, or the few that fail only together."""
    own, command = _parted(list(words))
    given = read_flags("plugins bisect", USAGE, own, values=("--seconds",))
    if given is None:
        return 0
    if not command:
        raise BadOption("physadv plugins bisect needs a command: physadv plugins bisect -- generate size=smoke")
    with tempfile.TemporaryDirectory(prefix="physadv-bisect-") as scratch:
        tries = Tries(tuple(command), tuple(plugin_names()), Path(scratch), _seconds(given.values.get("--seconds")))
        found = _found(tries)
        said = tries.said
    if given.as_json:
        told = {"command": command, "plugins": found, "tries": tries.count, "failure": said}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return 0
    named = f"{found[0]!r} makes" if len(found) == 1 else f"{', '.join(map(repr, found))} together make"
    sys.stdout.write(
        f"plugin {named} the command fail ({tries.count} tries): {said}\n"
        f"go on without: PHYSADV_BLOCK={found[0]} physadv {' '.join(command)}\n"
    )
    return 0


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """Our own words, and the command."""
    if "--" not in words:
        first = next((place for place, word in enumerate(words) if not word.startswith("-")), len(words))
        own, command = words[:first], words[first:]
    else:
        own, command = words[: words.index("--")], words[words.index("--") + 1 :]
    return own, command[1:] if command[:1] == ["physadv"] else command


def _seconds(text: str | None) -> float | None:
    try:
        seconds = None if text is None else float(text)
    except ValueError:
        seconds = -1.0
    if seconds is not None and not 0 < seconds < float("inf"):
        raise BadOption(f"physadv plugins bisect: --seconds must be a positive number, got {text!r}")
    return seconds


def _found(tries: Tries) -> list[str]:
    """Raises :class:`BadOption` where no plugin is to blame."""
    if not tries.plugins:
        raise BadOption("no plugin is installed, so none makes the command fail")
    if not tries.fails(tries.plugins):
        raise BadOption("the command does not fail with all plugins: there is nothing to find")
    if tries.fails(()):
        raise BadOption(f"the command fails without any plugin, too: {tries.said}")
    return culprits(tries.plugins, tries.fails)
