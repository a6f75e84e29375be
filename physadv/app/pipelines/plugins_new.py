"""``physadv plugins new NAME --kind KIND``: write a plugin that works, to go on from. Needs neither torch nor hydra."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from physadv.app.plugin_care.flags import read_flags
from physadv.app.plugin_care.scaffold import PLUGIN_KINDS, PluginName, kind_called, written

USAGE = f"""usage: physadv plugins new NAME --kind KIND [--folder FOLDER] [--json]

  Writes the package NAME: a part that works, its options, a preset, tests, a page, a file for CI.

  NAME      of the package, with your prefix: acme-blur offers acme/blur
  --kind    {", ".join(PLUGIN_KINDS)}
  --folder  in which the package's own folder is made; the current one where it is not said"""


def plugins_new(words: Sequence[str]) -> int:
    """Write it, and say what to do next."""
    given = read_flags("plugins new", USAGE, words, values=("--kind", "--folder"), names="NAME")
    if given is None:
        return 0
    kind = kind_called(given.needed("--kind", "a kind: " + ", ".join(PLUGIN_KINDS)))
    name, folder = PluginName(given.name), Path(given.values.get("--folder", "."))
    files = written(name, kind, folder)
    place = folder / name.dist
    if given.as_json:
        told = {"name": name.dist, "kind": kind.word, "part": name.part, "folder": str(place),
                "files": [file.as_posix() for file in files]}  # fmt: skip
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return 0
    lines = [f"{place} is written:", *(f"  {file.as_posix()}" for file in files), "", "next:",
             f"  pip install -e {place}", f"  pytest {place}", f"  physadv plugins check {name.dist}"]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
