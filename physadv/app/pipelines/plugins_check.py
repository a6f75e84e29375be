"""``physadv plugins check NAME``: hold an installed plugin to what its parts promise, and to our tested versions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from physadv.app.plugin_care.batteries import battery_findings, import_finding
from physadv.app.plugin_care.dependencies import dependency_findings
from physadv.app.plugin_care.dry_run import installation_finding
from physadv.app.plugin_care.facts import facts_of, plugin_called
from physadv.app.plugin_care.findings import CheckFinding
from physadv.app.plugin_care.flags import read_flags
from physadv.app.plugin_care.part_options import PartOptions, part_options
from physadv.app.plugins import PluginRecord
from physadv.app.registry import Registry

USAGE = """usage: physadv plugins check NAME [KIND/PART.OPTION=VALUE ...] [--json]

  Runs the batteries of physadv.testing on its parts, made with their default options or those that are given; looks at
  what it needs of other packages, and whether that would change versions that physadv is tested with: by metadata, and
  by a dry run of pip where there is an index. Exit code 2 where something failed.

  NAME   of a plugin as physadv plugins list has it, of its distribution or of its module
  VALUE  for a part that its defaults alone do not make: victims/acme/net.path=net.onnx"""


def plugins_check(words: Sequence[str]) -> int:
    """Print a line a finding, as it is found; with ``--json`` one object at the end."""
    given = read_flags("plugins check", USAGE, words, names="NAME", options=True)
    if given is None:
        return 0
    options = part_options(given.options)
    registry = Registry()
    record = plugin_called(registry, given.name)
    found = []
    for finding in _findings(registry, record, options):
        found.append(finding)
        if not given.as_json:
            said = f"  {finding.said}" if finding.said else ""
            sys.stdout.write(f"{finding.state:10s} {finding.name:40s} {finding.seconds:6.2f} s{said}\n")
            sys.stdout.flush()
    passed = all(finding.state != "failed" for finding in found)
    if given.as_json:
        told = {"plugin": record.name, "passed": passed, "findings": [asdict(finding) for finding in found]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0 if passed else 2


def _findings(registry: Registry, record: PluginRecord, options: PartOptions) -> Iterator[CheckFinding]:
    facts_of(registry, record)  # a permission that is none of ours is refused here
    reason = record.error or record.warning
    yield CheckFinding("loaded", "failed" if reason else "passed", reason, record.seconds)
    if record.distribution:
        yield from dependency_findings(record.distribution)
        yield installation_finding(record.distribution)
    else:
        yield CheckFinding("requirements", "not tried", "it is not installed: a module of PHYSADV_PLUGINS")
    if not record.error:
        yield import_finding(record)
        yield from battery_findings(registry, record, options)
