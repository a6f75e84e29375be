"""The batteries of :mod:`physadv.testing` on all that a plugin offers, each part with its default options."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from physadv.app.guards.failures import failure_text
from physadv.app.plugin_care.findings import CheckFinding
from physadv.app.plugins import PluginRecord
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption, BrokenPart, MissingExtra, PhysadvError
from physadv.core.hookspecs import KINDS, Entry, Kind


def battery_findings(registry: Registry, record: PluginRecord) -> Iterator[CheckFinding]:
    """One a part, and one an observer, as each is done."""
    for kind in KINDS:
        for row in registry.offered(kind.plural):
            if row.owner == record.name:
                yield _tried(f"{kind.plural}/{row.entry.name}", lambda k=kind, e=row.entry: _part(k, e))
    for observer in registry.observers_of(record.name):
        battery = _testing().check_observer
        yield _tried(f"observers/{type(observer).__name__}", lambda b=battery, o=observer: b(o))


def import_finding(record: PluginRecord) -> CheckFinding:
    """Whether importing it brings torch, for which every ``--help`` would wait."""
    text = f"import sys, {record.module}; sys.exit(3 if 'torch' in sys.modules else 0)"
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": paths}, capture_output=True, check=False
    )
    said = "" if done.returncode != 3 else "importing it imports torch, and every --help waits: do so inside build"
    return CheckFinding("import", "passed" if not said else "failed", said, record.seconds)


def _testing() -> Any:
    return import_module("physadv.testing")  # by name: it stands above the app, and only this command lends it


def _tried(name: str, check: Any) -> CheckFinding:
    begun = time.perf_counter()
    state, said = "passed", ""
    try:
        check()
    except _NotTried as error:
        state, said = "not tried", str(error)
    except PhysadvError as error:
        state, said = "failed", str(error)
    except Exception as error:  # noqa: BLE001 - a stranger's part may raise anything
        state, said = "failed", failure_text(error)
    return CheckFinding(name, state, said, time.perf_counter() - begun)


class _NotTried(Exception):
    """The part cannot be made of its defaults alone."""


def _part(kind: Kind, entry: Entry[Any, Any]) -> None:
    part, testing = _made(entry), _testing()
    toys = (testing.ToyDetector(), testing.one_scene(2)) if kind.plural == "goals" else ()
    getattr(testing, kind.battery)(part, *toys)


def _made(entry: Entry[Any, Any]) -> Any:
    fields = dataclasses.fields(entry.config)
    bare = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    if bare:
        raise _NotTried(f"it needs {', '.join(bare)}; check it in tests of your own")
    config = entry.config()
    if any(field.name == "weight" and field.default == 0 for field in fields):
        config = dataclasses.replace(config, weight=1.0)  # a penalty of weight 0 is switched off
    try:
        return entry.build(config)
    except BrokenPart:
        raise
    except (BadOption, BadInput, MissingExtra) as error:
        raise _NotTried(f"its defaults alone make none: {error}") from error
