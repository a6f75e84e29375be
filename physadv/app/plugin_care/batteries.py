"""The batteries of :mod:`physadv.testing` on all that a plugin offers, made with default options or those given."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from physadv.app.assembly.parts import filled
from physadv.app.guards.failures import failure_text
from physadv.app.plugin_care.findings import CheckFinding
from physadv.app.plugin_care.part_options import PartOptions, expect_parts
from physadv.app.plugins import PluginRecord
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption, BrokenPart, MissingExtra, PhysadvError
from physadv.core.hookspecs import KINDS, Entry, Kind

USUAL_S = 30.0  # that a battery takes at most


def battery_findings(registry: Registry, record: PluginRecord, given: PartOptions) -> Iterator[CheckFinding]:
    """One a part, and one an observer, as each is done. ``given`` is checked against its parts before the first."""
    rows = [(kind, o.entry) for kind in KINDS for o in registry.offered(kind.plural) if o.owner == record.name]
    expect_parts(given, [f"{kind.plural}/{entry.name}" for kind, entry in rows])
    for kind, entry in rows:
        name = f"{kind.plural}/{entry.name}"
        yield _tried(name, partial(_part, kind, entry, given.get(name, {})))
    for observer in registry.observers_of(record.name):
        yield _tried(f"observers/{type(observer).__name__}", partial(_testing().check_observer, observer))


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
    seconds = time.perf_counter() - begun
    if state == "passed" and seconds > USUAL_S:
        said = f"slow: a battery takes {USUAL_S:g} s at most, so that it is run; let small defaults make a small part"
    return CheckFinding(name, state, said, seconds)


class _NotTried(Exception):
    """The part cannot be made of its defaults alone."""


def _part(kind: Kind, entry: Entry[Any, Any], given: Mapping[str, Any]) -> None:
    part, testing = _made(kind, entry, given), _testing()
    toys = (testing.ToyDetector(), testing.one_scene(2)) if kind.plural == "goals" else ()
    getattr(testing, kind.battery)(part, *toys)


def _made(kind: Kind, entry: Entry[Any, Any], given: Mapping[str, Any]) -> Any:
    fields = dataclasses.fields(entry.config)
    bare = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    if lacking := [name for name in bare if name not in given]:
        raise _NotTried(f"it needs {', '.join(lacking)}: {_said_so(kind, entry)}")
    config = filled(kind.plural, entry, given)
    if "weight" not in given and any(field.name == "weight" and field.default == 0 for field in fields):
        config = dataclasses.replace(config, weight=1.0)  # a penalty of weight 0 is switched off
    try:
        return entry.build(config)
    except BrokenPart:
        raise
    except (BadOption, BadInput, MissingExtra) as error:
        if given:
            raise
        raise _NotTried(f"its defaults alone make none: {error}. {_said_so(kind, entry)}") from error


def _said_so(kind: Kind, entry: Entry[Any, Any]) -> str:
    return f"Give options to the command as {kind.plural}/{entry.name}.OPTION=VALUE"
