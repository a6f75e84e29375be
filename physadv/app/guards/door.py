"""The door: which guard a part of which kind gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from physadv.app.guards.attacks import GuardedAttack, GuardedObserver
from physadv.app.guards.calls import Owner
from physadv.app.guards.defenses import GuardedDefense
from physadv.app.guards.goals import GuardedGoal, GuardedPenalty
from physadv.app.guards.patches import GuardedPatch
from physadv.app.guards.perturbations import GuardedPerturbation
from physadv.app.guards.policies import guarded_policy
from physadv.app.guards.scenes import guarded_scenes
from physadv.app.guards.victims import GuardedVictim
from physadv.app.guards.worlds import guarded_world
from physadv.core.hookspecs import KINDS

GUARDS: dict[str, tuple[tuple[str, ...], Callable[[Any, Owner], Any]]] = {
    "scenes": (("batches", "sweep", "split", "__len__"), guarded_scenes),
    "patches": (("__call__", "parameters", "state_dict", "load_state_dict", "project_", "to"), GuardedPatch),
    "defenses": (("name", "kind", "around"), GuardedDefense),
    "victims": (("name", "labels", "task", "access", "confidence", "digest", "networks", "outputs", "decide",
                 "to"), GuardedVictim),
    "goals": (("bound", "target", "loss", "achieved"), GuardedGoal),
    "penalties": (("name", "__call__"), GuardedPenalty),
    "attacks": (("needs_gradient", "run"), GuardedAttack),
    "perturbations": (("needs", "run"), GuardedPerturbation),
    "policies": (("name", "actions", "victim", "needs_victim", "observation_shape", "begin", "act", "behind", "to"),
                 guarded_policy),
    "worlds": (("name", "actions", "slots", "measures", "step_s", "max_steps", "observation_shape", "reset", "observe",
                "step", "measured", "to"), guarded_world),
    "observers": (("started", "stepped", "ended"), GuardedObserver),
}  # fmt: skip
"""Kind → what one of it must have, and who looks at it."""

_NAMES = {kind.plural: kind.name for kind in KINDS}


def built(kind: str, name: str, plugin: str, build: Callable[[Any], Any], options: Any) -> Any:
    """The part that ``build`` makes of its options, guarded. Raises :class:`BrokenPart` when it is none."""
    owner = Owner(_NAMES[kind], name, plugin)
    return guarded(kind, owner.call("build", build, options), owner)


def guarded(kind: str, part: Any, owner: Owner) -> Any:
    """The part behind its guard. Raises :class:`BrokenPart` when it lacks what its kind must have."""
    needed, guard = GUARDS[kind]
    owner.require(part is not None, "build", "gives None: it must return the part")
    for member in needed:
        there = owner.call(member, hasattr, part, member)
        owner.require(there, member, f"is missing in {type(part).__name__}")
    return guard(part, owner)


def guarded_observer(observer: Any, plugin: str) -> Any:
    """An observer of a plugin behind its guard."""
    return guarded("observers", observer, Owner("observer", type(observer).__name__, plugin))
