"""Load plugins, find the entries they offer, say who offers what. Never imports torch.

Built-in parts use the same hooks as third parties. A plugin that fails to import is reported by name, with the way to
disable it, and the others go on; ``strict`` turns that into an error. Environment: ``PHYSADV_PLUGINS`` loads modules
that are not installed (comma-separated), ``PHYSADV_BLOCK`` disables plugins by name.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from physadv import hookspecs
from physadv.errors import BadOption, BrokenPlugin
from physadv.hookspecs import API, Entry

KINDS = ("scenes", "patches", "victims", "goals", "penalties", "attacks")
"""Kinds of part, in the order data meets them; each has the hook ``physadv_<kind>``."""

BUILT_IN = (
    "physadv.scenes.entries",
    "physadv.twin.entries",
    "physadv.patches.entries",
    "physadv.victims.entries",
    "physadv.goals.entries",
    "physadv.goals.penalty_entries",
    "physadv.attacks.entries",
)


@dataclass
class PluginRecord:
    """What became of one plugin."""

    name: str
    version: str = ""
    error: str = ""
    seconds: float = 0.0
    parts: list[str] = field(default_factory=list)  # "patches/acme/halo"


@dataclass(frozen=True)
class Offered:
    """An entry and the plugin that offers it."""

    kind: str
    entry: Entry[Any, Any]
    owner: str


class Registry:
    """All parts that can be chosen, by kind and name."""

    def __init__(self, *, strict: bool = False, discover: bool = True) -> None:
        self.manager = pluggy.PluginManager("physadv")
        self.manager.add_hookspecs(hookspecs)
        self.records: list[PluginRecord] = []
        self._strict = strict
        self._blocked = _listed("PHYSADV_BLOCK")
        for name in BUILT_IN:
            self.manager.register(importlib.import_module(name), name=name)
        for name in _listed("PHYSADV_PLUGINS"):
            self._load(name, lambda name=name: importlib.import_module(name), "")
        for point in entry_points(group="physadv") if discover else ():
            self._load(point.name, point.load, _version_of(point))
        self._offered = self._collect()

    def _load(self, name: str, load: Any, version: str) -> None:
        record = PluginRecord(name, version)
        self.records.append(record)
        if name in self._blocked:
            record.error = "blocked by PHYSADV_BLOCK"
            return
        begun = time.perf_counter()
        try:
            plugin = load()
            number = getattr(plugin, "physadv_api", API)
            if number != API:
                raise BrokenPlugin(
                    f"it is made for plugin interface {number}, this is {API}: install a matching version"
                )
            self.manager.register(plugin, name=name)
            self._check_hooks(plugin)
        except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything while it is imported
            self._reject(record, error)
        record.seconds = time.perf_counter() - begun

    def _check_hooks(self, plugin: Any) -> None:
        known = {name for name in vars(hookspecs) if name.startswith("physadv_")}
        for name in vars(plugin) if not isinstance(plugin, type) else dir(plugin):
            marked = getattr(getattr(plugin, name, None), "physadv_impl", None)
            if marked and name not in known and not marked.get("optionalhook"):
                raise BrokenPlugin(f"unknown hook {name!r}{did_you_mean(name, known)}")

    def _reject(self, record: PluginRecord, error: Exception) -> None:
        if self.manager.has_plugin(record.name):
            self.manager.unregister(name=record.name)
        record.error = f"{type(error).__name__}: {error}" if not isinstance(error, BrokenPlugin) else str(error)
        if self._strict:
            raise BrokenPlugin(
                f"plugin {record.name!r} cannot be used: {record.error}. "
                f"Mend or uninstall it, or set PHYSADV_BLOCK={record.name}"
            ) from error

    def _collect(self) -> dict[str, dict[str, Offered]]:
        offered: dict[str, dict[str, Offered]] = {kind: {} for kind in KINDS}
        owners = {record.name: record for record in self.records}
        for kind in KINDS:
            for impl in getattr(self.manager.hook, f"physadv_{kind}").get_hookimpls():
                record = owners.get(impl.plugin_name)
                try:
                    rows = [_checked(row) for row in impl.function()]
                except Exception as error:
                    if record is None:
                        raise
                    self._reject(record, error)
                    continue
                for row in rows:
                    self._add(offered[kind], Offered(kind, row, impl.plugin_name), record)
        return offered

    def _add(self, known: dict[str, Offered], new: Offered, record: PluginRecord | None) -> None:
        name = new.entry.name
        if name in known:
            raise BrokenPlugin(
                f"{new.kind} {name!r} is offered by both {known[name].owner!r} and {new.owner!r}. "
                f"Set PHYSADV_BLOCK={new.owner} to go on without the second"
            )
        known[name] = new
        if record is not None:
            record.parts.append(f"{new.kind}/{name}")

    def offered(self, kind: str) -> list[Offered]:
        """All parts of a kind, built-in ones first."""
        return list(self._offered[kind].values())

    def entry(self, kind: str, name: str) -> Entry[Any, Any]:
        """One part by name; an unknown name is a :class:`BadOption` that suggests the nearest."""
        if name not in self._offered[kind]:
            known = self._offered[kind]
            raise BadOption(f"no {kind} named {name!r}{did_you_mean(name, known)}. Known: {', '.join(known)}")
        return self._offered[kind][name].entry

    def build(self, kind: str, name: str, config: Any) -> Any:
        """Make the part from its filled-in options."""
        return self.entry(kind, name).build(config)

    def config_dirs(self) -> list[str]:
        """Folders with plugins' own presets."""
        return [folder for folders in self.manager.hook.physadv_config_dirs() for folder in folders]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ ", did you mean 'x'?" for the nearest known name, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f". Did you mean {near[0]!r}?" if near else ""


def _checked(row: Any) -> Entry[Any, Any]:
    if not isinstance(row, Entry):
        raise BrokenPlugin(f"a hook must return physadv.api.Entry rows, got {type(row).__name__}")
    if not (isinstance(row.config, type) and dataclasses.is_dataclass(row.config)):
        raise BrokenPlugin(f"the config of {row.name!r} must be a dataclass, got {row.config!r}")
    return row


def _listed(variable: str) -> list[str]:
    return [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]


def _version_of(point: EntryPoint) -> str:
    return point.dist.version if point.dist else ""
