"""``physadv plugins info NAME``: what a plugin offers, declares and costs. Needs no torch."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from physadv.app.plugin_care.facts import PERMISSIONS, PartFacts, PluginFacts, facts_of, plugin_called
from physadv.app.plugin_care.flags import read_flags
from physadv.app.registry import Registry

USAGE = """usage: physadv plugins info NAME [--json]

  NAME  of a plugin as physadv plugins list has it, of its distribution or of its module"""


def plugins_info(words: Sequence[str]) -> int:
    """Print it, or with ``--json`` one object."""
    given = read_flags("plugins info", USAGE, words, names="NAME")
    if given is None:
        return 0
    registry = Registry()
    facts = facts_of(registry, plugin_called(registry, given.name))
    text = json.dumps(asdict(facts), indent=2) if given.as_json else "\n".join(_lines(facts))
    sys.stdout.write(text + "\n")
    return 0


def _lines(facts: PluginFacts) -> Iterator[str]:
    reason = f": {facts.reason}" if facts.reason else ""
    api = "does not say" if facts.physadv_api is None else str(facts.physadv_api)
    rows = {
        "plugin": facts.name, "distribution": f"{facts.distribution} {facts.version}".strip() or "not installed",
        "module": facts.module, "file": facts.file or "unknown", "interface": api, "status": f"{facts.status}{reason}",
        "seconds": f"{facts.seconds:.3f} to load", "permissions": _permitted(facts.permissions),
        "observers": ", ".join(facts.observers) or "none", "presets": ", ".join(facts.presets) or "none",
    }  # fmt: skip
    for name, value in rows.items():
        yield f"{name:13s} {value}"
    for part in facts.parts:
        yield from _part(part)


def _permitted(declared: tuple[str, ...] | None) -> str:
    if declared is None:
        return "does not say"
    return ", ".join(f"{one} ({PERMISSIONS[one]})" for one in declared) or "asks for none"


def _part(part: PartFacts) -> Iterator[str]:
    source = f"  [{part.source}]" if part.source else ""
    yield f"\n{part.kind}/{part.name}  {part.summary}{source}"
    for option in part.options:
        yield f"  {option.name}: {option.type} = {option.default}".ljust(42) + f"  {option.meaning}".rstrip()
