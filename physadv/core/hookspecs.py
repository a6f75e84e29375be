"""The table of contents of what a plugin can offer: one hook per kind of part. Importing this never imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

if TYPE_CHECKING:
    from physadv.core.protocols import Attack, Goal, Observer, PatchModel, Penalty, SceneSource, Victim

API = 1
"""The plugin interface's number. A plugin may state ``physadv_api = 1``; another number is refused by name."""

hookspec = pluggy.HookspecMarker("physadv")
hookimpl = pluggy.HookimplMarker("physadv")

C = TypeVar("C")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Entry(Generic[C, T_co]):
    """One part that can be chosen: its plugin registration, Hydra option, ``--help`` text and docs line in one row."""

    name: str  # "eot-adam"; third parties prefix theirs: "acme/halo"
    config: type[C]  # dataclass: field = option, default = default
    build: Callable[[C], T_co]  # may import torch inside
    summary: str  # one line, shown by `physadv plugins list`
    source: str = ""  # paper or DOI


@hookspec
def physadv_scenes() -> Iterable[Entry[Any, SceneSource]]:  # type: ignore[empty-body]
    """Sources of images and of the objects that wear the patch."""


@hookspec
def physadv_patches() -> Iterable[Entry[Any, PatchModel]]:  # type: ignore[empty-body]
    """Parametrisations of the printed surface."""


@hookspec
def physadv_victims() -> Iterable[Entry[Any, Victim]]:  # type: ignore[empty-body]
    """Models under test."""


@hookspec
def physadv_goals() -> Iterable[Entry[Any, Goal]]:  # type: ignore[empty-body]
    """What the attacker wants."""


@hookspec
def physadv_penalties() -> Iterable[Entry[Any, Penalty]]:  # type: ignore[empty-body]
    """Terms that only look at the patch: smoothness, printability."""


@hookspec
def physadv_attacks() -> Iterable[Entry[Any, Attack]]:  # type: ignore[empty-body]
    """Loops that change the patch."""


@hookspec
def physadv_observers() -> Iterable[Observer]:  # type: ignore[empty-body]
    """Run-time listeners: loggers, viewers."""


@hookspec
def physadv_config_dirs() -> Iterable[str]:  # type: ignore[empty-body]
    """Absolute folders with the plugin's own presets, laid out like ``conf/``."""
