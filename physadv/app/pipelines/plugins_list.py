"""``physadv plugins list``: all parts that can be chosen, and who offers them. Needs neither torch nor hydra."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from physadv.app.plugins import PluginRecord
from physadv.app.registry import Offered, Registry
from physadv.core.hookspecs import KINDS


def plugins_list(words: Sequence[str]) -> int:
    """Print them by kind, or with ``--json`` as one object."""
    registry = Registry()
    if words:
        parts = [_row(offered) for kind in KINDS for offered in registry.offered(kind.plural)]
        told = [vars(record) | {"status": record.status} for record in registry.with_observers()]
        sys.stdout.write(json.dumps({"parts": parts, "plugins": told}, indent=2) + "\n")
        return 0
    for kind in KINDS:
        sys.stdout.write("\n".join([f"{kind.plural}:", *map(_line, registry.offered(kind.plural))]) + "\n")
    plugins = registry.with_observers()
    observers = [f"  {one:48s} (from {record.name})" for record in plugins for one in record.observers]
    for title, lines in (("observers", observers), ("plugins", [_plugin(record) for record in plugins])):
        if lines:
            sys.stdout.write("\n".join([f"{title}:", *lines]) + "\n")
    sys.stderr.write(registry.complaints())
    return 0


def _plugin(record: PluginRecord) -> str:
    named = f"{record.distribution} {record.version}".strip() or "not installed"
    reason = record.error or record.warning
    return f"  {record.name:24s} {named:32s} {record.seconds:6.3f} s  {record.status}{f': {reason}' if reason else ''}"


def _row(offered: Offered) -> dict[str, str]:
    entry = offered.entry
    return {"kind": offered.kind, "name": entry.name, "offered_by": offered.owner, "summary": entry.summary,
            "source": entry.source}  # fmt: skip


def _line(offered: Offered) -> str:
    entry = offered.entry
    source = f"  [{entry.source}]" if entry.source else ""
    owner = "" if offered.owner.startswith("physadv.") else f"  (from {offered.owner})"
    return f"  {entry.name:48s} {entry.summary}{source}{owner}"
