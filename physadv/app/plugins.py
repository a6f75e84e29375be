"""Calls into a plugin while it is loaded, and what it must and must not have. Never imports torch."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from physadv.core import hookspecs
from physadv.core.errors import BrokenPlugin
from physadv.core.hookspecs import API, Entry
from physadv.core.labels import on_one_line
from physadv.core.nearest import did_you_mean

PATIENCE_S = float(os.environ.get("PHYSADV_PLUGIN_SECONDS", "4"))  # for the import of one plugin
PATIENCE_ONCE_HUNG_S = 1.0  # for those after one that hung
_MAX_ROWS = 10_000  # that a hook lists


@dataclass
class PluginRecord:
    """Outcome of loading one plugin."""

    name: str
    version: str = ""
    error: str = ""  # why it is left out
    warning: str = ""  # what its author should mend, though it is used
    seconds: float = 0.0
    parts: list[str] = field(default_factory=list)  # "patches/acme/halo"
    distribution: str = ""  # as pip knows it; empty: a module that is not installed
    module: str = ""
    observers: list[str] = field(default_factory=list)  # their classes

    @property
    def status(self) -> str:
        """In a word or two."""
        return "left out" if self.error else "loaded, with a warning" if self.warning else "loaded"

    @property
    def complaint(self) -> str:
        """The line a user should read about it; nothing where all is well."""
        if self.error:
            return f"plugin {self.name!r} is left out: {self.error}. Silence this with PHYSADV_BLOCK={self.name}"
        return f"plugin {self.name!r}: {self.warning}" if self.warning else ""


class PluginCalls:
    """Calls that must not wait for ever.

    Once one has hung the others are given less time: ten that hang do not make ten times the wait.
    """

    def __init__(self) -> None:
        self._patience_s = PATIENCE_S

    def rows(self, hook: Callable[[], Any]) -> Any:
        """The rows that a hook lists; one that is a generator runs within the time, and not without end."""

        def listed() -> Any:
            answer = hook()
            return list(islice(answer, _MAX_ROWS)) if isinstance(answer, Iterator) else answer

        return self.in_time(listed)

    def in_time(self, call: Callable[[], Any]) -> Any:
        """The answer of the call. Raises :class:`BrokenPlugin` when it hangs, or wants to end the process."""
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


def check_number(plugin: Any) -> None:
    """Raise :class:`BrokenPlugin` for a plugin that was made for another interface."""
    number = getattr(plugin, "physadv_api", API)
    if number != API:
        raise BrokenPlugin(f"it is made for plugin interface {number}, this is {API}: install a matching version")


def unmarked_hooks(plugin: Any) -> str:
    """Say what is there but not marked as a hook. Raises :class:`BrokenPlugin` for hooks that do not exist."""
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


def checked_rows(rows: Iterable[Any], *, ours: bool) -> list[Entry[Any, Any]]:
    """The rows of a hook. Raises :class:`BrokenPlugin` for what is none, and for options that cannot be held."""
    return [_checked(row, ours=ours) for row in rows]


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
