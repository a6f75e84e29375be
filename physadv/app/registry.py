"""Load plugins, find the entries they offer, say who offers what. Never imports torch.

Built-in parts use the same hooks as third parties. A plugin that fails, hangs or ends the process while it is imported
is reported by name, with the way to disable it, and the others go on; ``strict`` turns that into an error. Environment:
``PHYSADV_PLUGINS`` loads modules that are not installed (comma-separated), ``PHYSADV_BLOCK`` disables plugins by name,
``PHYSADV_NO_PLUGINS=1`` loads none.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from itertools import islice
from pathlib import Path
from typing import Any

import pluggy

from physadv.core import hookspecs
from physadv.core.errors import BadOption, BrokenPlugin
from physadv.core.hookspecs import API, KINDS, Entry
from physadv.core.labels import on_one_line

_MOST_ROWS = 10_000  # that a hook lists
BUILT_IN = (
    "physadv.parts.scenes.entries",
    "physadv.parts.twin.entries",
    "physadv.parts.patches.entries",
    "physadv.parts.victims.entries",
    "physadv.parts.goals.entries",
    "physadv.parts.goals.penalty_entries",
    "physadv.parts.attacks.patch.entries",
)

PATIENCE_S = float(os.environ.get("PHYSADV_PLUGIN_SECONDS", "4"))  # for the import of one plugin
PATIENCE_ONCE_HUNG_S = 1.0  # for those after one that hung


@dataclass
class PluginRecord:
    """What became of one plugin."""

    name: str
    version: str = ""
    error: str = ""  # why it is left out
    warning: str = ""  # what its author should mend, though it is used
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
        self._patience_s = PATIENCE_S
        none = bool(os.environ.get("PHYSADV_NO_PLUGINS"))
        for name in BUILT_IN:
            self.manager.register(importlib.import_module(name), name=name)
        for name in () if none else _listed("PHYSADV_PLUGINS"):
            self._load(name, lambda name=name: importlib.import_module(name), "")
        for point in entry_points(group="physadv") if discover and not none else ():
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
            plugin = self._in_time(load)
            number = getattr(plugin, "physadv_api", API)
            if number != API:
                raise BrokenPlugin(
                    f"it is made for plugin interface {number}, this is {API}: install a matching version"
                )
            self.manager.register(plugin, name=name)
            record.warning = self._check_hooks(plugin)
        except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything while it is imported
            self._reject(record, error)
        record.seconds = time.perf_counter() - begun

    def _rows(self, hook: Callable[[], Any]) -> Any:
        """What a hook lists; one that is a generator runs within the time, and not without end."""

        def listed() -> Any:
            answer = hook()
            return list(islice(answer, _MOST_ROWS)) if isinstance(answer, Iterator) else answer

        return self._in_time(listed)

    def _in_time(self, call: Callable[[], Any]) -> Any:
        """What the call returns. :class:`BrokenPlugin` when it hangs, or wants to end the process.

        Once one has hung the others are given less time: ten that hang do not make ten times the wait.
        """
        answer: dict[str, Any] = {}

        def run() -> None:
            try:
                answer["value"] = call()
            except BaseException as error:  # noqa: BLE001 - SystemExit, too
                answer["error"] = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self._patience_s)
        if thread.is_alive():
            waited, self._patience_s = self._patience_s, PATIENCE_ONCE_HUNG_S
            raise BrokenPlugin(
                f"it is not loaded after {waited:g} s. Importing a plugin must not wait for anything; if it is only "
                "slow here, set PHYSADV_PLUGIN_SECONDS=60"
            )
        if isinstance(answer.get("error"), SystemExit | KeyboardInterrupt):
            raise BrokenPlugin(f"it ends the process while it is imported ({type(answer['error']).__name__})")
        if "error" in answer:
            raise answer["error"]
        return answer["value"]

    def _check_hooks(self, plugin: Any) -> str:
        """Refuses hooks that do not exist; returns what is there but not marked as a hook."""
        known = {name for name in vars(hookspecs) if name.startswith("physadv_")}
        unmarked = []
        for name in vars(plugin) if not isinstance(plugin, type) else dir(plugin):
            member = getattr(plugin, name, None)
            marked = getattr(member, "physadv_impl", None)
            if marked and name not in known and not marked.get("optionalhook"):
                raise BrokenPlugin(f"unknown hook {name!r}{did_you_mean(name, known)}")
            if not marked and callable(member) and name.startswith("physadv_"):
                unmarked.append(name)
        if not unmarked:
            return ""
        return f"{', '.join(unmarked)} lacks the mark @hookimpl of physadv.api, so nothing of it is offered"

    def _reject(self, record: PluginRecord, error: Exception) -> None:
        if self.manager.has_plugin(record.name):
            self.manager.unregister(name=record.name)
        record.error = str(error) if isinstance(error, BrokenPlugin) else _where(error)
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
                    rows = [_checked(row, ours=record is None) for row in self._rows(impl.function)]
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
        lines = (_complaint(record) for record in self.records)
        return "".join(f"physadv: {line}\n" for line in lines if line)

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
        """Make the part from its filled-in options. What a plugin's part returns is checked while it is used."""
        entry, owner = self.entry(kind, name), self._offered[kind][name].owner
        if owner in BUILT_IN:
            return entry.build(config)
        from physadv.app.guards.door import built

        return built(kind, name, owner, entry.build, config)

    def config_dirs(self) -> list[str]:
        """Folders with plugins' own presets."""
        folders = []
        for plugin, listed in self._asked("physadv_config_dirs"):
            if isinstance(listed, str) or not all(Path(str(folder)).is_absolute() for folder in listed):
                self._leave_out(plugin, BrokenPlugin(f"physadv_config_dirs must list absolute folders, got {listed!r}"))
            else:
                folders += [str(folder) for folder in listed]
        return folders

    def observers(self) -> list[Any]:
        """The plugins' run-time listeners, new ones for every run; one that fails ends only itself."""
        from physadv.app.guards.door import guarded_observer

        return [guarded_observer(one, plugin) for plugin, row in self._asked("physadv_observers") for one in row]

    def _asked(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Each plugin's answer to a hook; one that fails is left out by name."""
        for impl in getattr(self.manager.hook, hook).get_hookimpls():
            try:
                yield impl.plugin_name, self._rows(impl.function)
            except Exception as error:  # noqa: BLE001 - a stranger's hook may raise anything
                self._leave_out(impl.plugin_name, error)

    def _leave_out(self, plugin: str, error: Exception) -> None:
        record = next((record for record in self.records if record.name == plugin), None)
        if record is None:
            raise error
        self._reject(record, error)


def _complaint(record: PluginRecord) -> str:
    if record.error:
        return f"plugin {record.name!r} is left out: {record.error}. Silence this with PHYSADV_BLOCK={record.name}"
    return f"plugin {record.name!r}: {record.warning}" if record.warning else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ ", did you mean 'x'?" for the nearest known name, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f". Did you mean {near[0]!r}?" if near else ""


def _foreign(filename: str) -> bool:
    return filename != __file__ and "importlib" not in filename


def _where(error: Exception) -> str:
    """An exception with file and line, as the plugin's author needs it."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _foreign(f.filename)]
    at = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {on_one_line(str(error))}{at}"


def _checked(row: Any, *, ours: bool) -> Entry[Any, Any]:
    if not isinstance(row, Entry):
        raise BrokenPlugin(f"a hook must return physadv.api.Entry rows, got {type(row).__name__}")
    if not isinstance(row.name, str) or not row.name or row.name != on_one_line(row.name):
        raise BrokenPlugin(f"the name of a part must be words on one line, got {row.name!r}")
    if not (isinstance(row.config, type) and dataclasses.is_dataclass(row.config)):
        raise BrokenPlugin(f"the config of {row.name!r} must be a dataclass, got {row.config!r}")
    if not ours:
        _check_options(row)
    return row


def _check_options(row: Entry[Any, Any]) -> None:
    """Options are held by OmegaConf, which knows only some types; one that it refuses would stop every command."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        OmegaConf.structured(row.config)
    except (OmegaConfBaseException, TypeError, NameError) as error:
        reason = str(error).splitlines()[0]
        raise BrokenPlugin(
            f"the options of {row.name!r} ({row.config.__name__}) cannot be held: {reason}. Use bool, int, float, str, "
            "enums, and lists, dicts or dataclasses of them"
        ) from error


def _listed(variable: str) -> list[str]:
    return [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]


def _version_of(point: EntryPoint) -> str:
    return point.dist.version if point.dist else ""
