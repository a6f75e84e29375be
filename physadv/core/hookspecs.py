"""The table of contents of what a plugin can offer: one hook per kind of part. Importing this never imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

if TYPE_CHECKING:
    from physadv.core.problem.patch_problem import Attack
    from physadv.core.problem.perturbation_problem import PerturbationAttack
    from physadv.core.protocols import Defense, Goal, Observer, PatchModel, Penalty, Victim
    from physadv.core.scene_protocols import SceneSource
    from physadv.core.worlds import Policy, World

API = 2
"""The plugin interface's number. A plugin may state ``physadv_api = 2``; another number is refused by name."""

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


@dataclass(frozen=True)
class Kind:
    """One kind of part: its hook, how it is chosen, what it promises, and what checks the promise."""

    plural: str  # "patches": of its hook physadv_patches, of `plugins list`
    name: str  # "patch": one of it, in messages
    group: str  # config group that chooses one of it, where a command's row says no other kind; empty: all are there
    protocol: str  # of physadv.api
    battery: str  # in physadv.testing

    @property
    def hook(self) -> str:
        """The hook by which parts of this kind are offered."""
        return f"physadv_{self.plural}"


KINDS = (
    Kind("scenes", "scenes", group="scenes", protocol="SceneSource", battery="check_scenes"),
    Kind("patches", "patch", group="patch", protocol="PatchModel", battery="check_patch"),
    Kind("defenses", "defense", group="defense", protocol="Defense", battery="check_defense"),
    Kind("victims", "victim", group="victim", protocol="Victim", battery="check_victim"),
    Kind("goals", "goal", group="goal", protocol="Goal", battery="check_goal"),
    Kind("penalties", "penalty", group="", protocol="Penalty", battery="check_penalty"),
    Kind("attacks", "attack", group="attack", protocol="Attack", battery="check_attack"),
    Kind("perturbations", "perturbation attack", group="attack", protocol="PerturbationAttack",
         battery="check_perturbation"),
    Kind("policies", "policy", group="policy", protocol="Policy", battery="check_policy"),
    Kind("worlds", "world", group="world", protocol="World", battery="check_world"),
)  # fmt: skip
"""In the order data meets them. A group that two kinds share chooses the first, but for commands whose row says the
other. A new kind is a row, a hook below, a guard and a battery."""


@hookspec
def physadv_scenes() -> Iterable[Entry[Any, SceneSource]]:  # type: ignore[empty-body]
    """Sources of images and of the objects that wear the patch."""


@hookspec
def physadv_patches() -> Iterable[Entry[Any, PatchModel]]:  # type: ignore[empty-body]
    """Parametrisations of the printed surface."""


@hookspec
def physadv_defenses() -> Iterable[Entry[Any, Defense]]:  # type: ignore[empty-body]
    """Means that make a victim harder to fool."""


@hookspec
def physadv_victims() -> Iterable[Entry[Any, Victim[Any, Any]]]:  # type: ignore[empty-body]
    """Models under test."""


@hookspec
def physadv_goals() -> Iterable[Entry[Any, Goal]]:  # type: ignore[empty-body]
    """Rows of goals: the aims of an attacker."""


@hookspec
def physadv_penalties() -> Iterable[Entry[Any, Penalty]]:  # type: ignore[empty-body]
    """Terms that only look at the patch: smoothness, printability."""


@hookspec
def physadv_attacks() -> Iterable[Entry[Any, Attack]]:  # type: ignore[empty-body]
    """Loops that change the patch."""


@hookspec
def physadv_perturbations() -> Iterable[Entry[Any, PerturbationAttack]]:  # type: ignore[empty-body]
    """Loops that change the images themselves."""


@hookspec
def physadv_policies() -> Iterable[Entry[Any, Policy]]:  # type: ignore[empty-body]
    """Drivers: what decides on pictures of a world."""


@hookspec
def physadv_worlds() -> Iterable[Entry[Any, World]]:  # type: ignore[empty-body]
    """Worlds in which a policy acts and a print can hang."""


@hookspec
def physadv_observers() -> Iterable[Observer]:  # type: ignore[empty-body]
    """Run-time listeners: loggers, viewers."""


@hookspec
def physadv_config_dirs() -> Iterable[str]:  # type: ignore[empty-body]
    """Absolute folders with the plugin's own presets, laid out like ``conf/``."""
