"""Load plugins, find the entries they offer, say who offers what. Never imports torch.

Built-in parts use the same hooks as third parties. A plugin that fails, hangs or ends the process while it is imported
is reported by name, with the way to disable it, and the others go on; ``strict`` turns that into an error. Environment:
``PHYSADV_PLUGINS`` loads modules that are not installed (comma-separated), ``PHYSADV_BLOCK`` disables plugins by name,
``PHYSADV_NO_PLUGINS=1`` loads none.
"""

from __future__ import annotations

import importlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pluggy

from physadv.app.guards.failures import failure_text
from physadv.app.plugins import PluginCalls, PluginRecord, check_number, checked_rows, unmarked_hooks
from physadv.core import hookspecs
from physadv.core.errors import BadOption, BrokenPlugin
from physadv.core.hookspecs import KINDS, Entry
from physadv.core.nearest import did_you_mean

BUILT_IN = (
    "physadv.parts.scenes.entries",
    "physadv.parts.twin.entries",
    "physadv.parts.patches.entries",
    "physadv.parts.defenses.entries",
    "physadv.parts.defenses.certified.entries",
    "physadv.parts.defenses.temporal.entries",
    "physadv.parts.victims.entries",
    "physadv.parts.goals.entries",
    "physadv.parts.goals.penalty_entries",
    "physadv.parts.attacks.patch.entries",
    "physadv.parts.attacks.perturbation.entries",
    "physadv.parts.attacks.perturbation.black_box_entries",
    "physadv.parts.attacks.perturbation.minimal_entries",
    "physadv.parts.attacks.perturbation.strong_entries",
    "physadv.parts.policies.entries",
    "physadv.parts.worlds.entries",
)

logger = logging.getLogger(__name__)


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
        self._calls = PluginCalls()
        none = bool(os.environ.get("PHYSADV_NO_PLUGINS"))
        for name in BUILT_IN:
            self.manager.register(importlib.import_module(name), name=name)
        for name in () if none else _listed("PHYSADV_PLUGINS"):
            self._load(PluginRecord(name, module=name), lambda name=name: importlib.import_module(name))
        for point in entry_points(group="physadv") if discover and not none else ():
            self._load(_record_of(point), point.load)
        self._offered = self._collect()

    def _load(self, record: PluginRecord, load: Any) -> None:
        name = record.name
        self.records.append(record)
        if name in self._blocked:
            record.error = "blocked by PHYSADV_BLOCK"
            return
        begun = time.perf_counter()
        try:
            plugin = self._calls.in_time(load)
            check_number(plugin)
            self.manager.register(plugin, name=name)
            record.warning = unmarked_hooks(plugin)
        except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything while it is imported
            self._reject(record, error)
        record.seconds = time.perf_counter() - begun

    def _reject(self, record: PluginRecord, error: Exception) -> None:
        if self.manager.has_plugin(record.name):
            self.manager.unregister(name=record.name)
        record.error = str(error) if isinstance(error, BrokenPlugin) else failure_text(error)
        if self._strict:
            raise BrokenPlugin(
                f"plugin {record.name!r} cannot be used: {record.error}. "
                f"Mend or uninstall it, or set PHYSADV_BLOCK={record.name}"
            ) from error

    def _collect(self) -> dict[str, dict[str, Offered]]:
        offered: dict[str, dict[str, Offered]] = {kind.plural: {} for kind in KINDS}
        owners = {record.name: record for record in self.records}
        for kind in KINDS:
            for impl in getattr(self.manager.hook, kind.hook).get_hookimpls():
                record = owners.get(impl.plugin_name)
                try:
                    rows = checked_rows(self._calls.rows(impl.function), ours=record is None)
                except Exception as error:
                    if record is None:
                        raise
                    self._reject(record, error)
                    continue
                for row in rows:
                    self._add(offered[kind.plural], Offered(kind.plural, row, impl.plugin_name), record)
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

    def complaints(self) -> str:
        """A line for every plugin that is left out, or whose author should mend something."""
        return "".join(f"physadv: {record.complaint}\n" for record in self.records if record.complaint)

    def offered(self, kind: str) -> list[Offered]:
        """All parts of a kind, built-in ones first."""
        return list(self._offered[kind].values())

    def entry(self, kind: str, name: str) -> Entry[Any, Any]:
        """One part by name; an unknown name is a :class:`BadOption` that suggests the nearest."""
        if name not in self._offered[kind]:
            known = self._offered[kind]
            raise BadOption(f"no {kind} named {name!r}{did_you_mean(name, known) or '.'} Known: {', '.join(known)}")
        return self._offered[kind][name].entry

    def build(self, kind: str, name: str, config: Any) -> Any:
        """Make the part from its filled-in options. What a plugin's part returns is checked while it is used."""
        entry, owner = self.entry(kind, name), self._offered[kind][name].owner
        if owner in BUILT_IN:
            return entry.build(config)
        from physadv.app.guards.door import built

        return built(kind, name, owner, entry.build, config)

    def config_dirs(self, only: str | None = None) -> list[str]:
        """Folders with plugins' own presets, or with those of one plugin."""
        folders = []
        for plugin, listed in self._asked("physadv_config_dirs"):
            if isinstance(listed, str) or not all(Path(str(folder)).is_absolute() for folder in listed):
                self._leave_out(plugin, BrokenPlugin(f"physadv_config_dirs must list absolute folders, got {listed!r}"))
            elif only in (None, plugin):
                folders += [str(folder) for folder in listed]
        return folders

    def observers(self) -> list[Any]:
        """The plugins' run-time listeners, new ones for every run; one that fails ends only itself."""
        from physadv.app.guards.door import guarded_observer

        silent = {record.name for record in self.records if not record.error}
        told = [guarded_observer(one, plugin) for plugin, row in self._asked("physadv_observers") for one in row]
        for record in self.records:
            if record.error and record.name in silent:  # after the complaints of the start were printed
                logger.warning("%s", record.complaint)
        return told

    def observers_of(self, plugin: str) -> list[Any]:
        """New listeners of one plugin, without a guard."""
        return [observer for name, row in self._asked("physadv_observers") if name == plugin for observer in row]

    def with_observers(self) -> list[PluginRecord]:
        """All plugins, each with the classes of the observers that it would give to a run."""
        owners = {record.name: record for record in self.records}
        for plugin, row in self._asked("physadv_observers"):
            if plugin in owners:
                owners[plugin].observers = [type(observer).__name__ for observer in row]
        return self.records

    def _asked(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Each plugin's answer to a hook; one that fails is left out by name."""
        for impl in getattr(self.manager.hook, hook).get_hookimpls():
            try:
                yield impl.plugin_name, self._calls.rows(impl.function)
            except Exception as error:  # noqa: BLE001 - a stranger's hook may raise anything
                self._leave_out(impl.plugin_name, error)

    def _leave_out(self, plugin: str, error: Exception) -> None:
        record = next((record for record in self.records if record.name == plugin), None)
        if record is None:
            raise error
        self._reject(record, error)


def plugin_names() -> list[str]:
    """Those that a registry would load, in its order, without importing any."""
    if os.environ.get("PHYSADV_NO_PLUGINS"):
        return []
    names = [*_listed("PHYSADV_PLUGINS"), *(point.name for point in entry_points(group="physadv"))]
    return [name for name in dict.fromkeys(names) if name not in _listed("PHYSADV_BLOCK")]


def _listed(variable: str) -> list[str]:
    return [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]


def _record_of(point: EntryPoint) -> PluginRecord:
    dist = point.dist
    return PluginRecord(
        point.name, dist.version if dist else "", distribution=dist.name if dist else "", module=point.module
    )
