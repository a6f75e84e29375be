"""A world of a plugin, looked at while episodes go on in it.

What only some worlds promise is in a class of its own here, so that a guarded world is what the bare one is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.core.types import PatchImage, SceneBatch
from physadv.core.worlds import (
    Advises,
    EpisodeMeasure,
    KeepsStates,
    Observation,
    ShowsObjects,
    TellsConditions,
    TextureSlot,
    Transition,
    World,
)
from physadv.library.episodes.repeating import changes


class GuardedWorld:
    """The world itself, but what it shows, rewards and measures is checked; once, that the seed makes the episode."""

    def __init__(self, world: World, owner: Owner) -> None:
        self._world, self._owner, self._repeats = world, owner, False
        slots, measures = owner.call("slots", lambda: world.slots), owner.call("measures", lambda: world.measures)
        owner.require(_all(slots, TextureSlot), "slots", "must be a tuple of TextureSlot")
        owner.require(_all(measures, EpisodeMeasure), "measures", "must be a tuple of EpisodeMeasure")
        owner.require(any(one.name == "return" for one in measures), "measures", "must have one named 'return'")
        actions: Any = owner.call("actions", lambda: world.actions)
        owner.require(_all(actions, str) and len(actions) > 0, "actions", "must be a tuple of names, not empty")

    @property
    def name(self) -> str:
        return self._world.name

    @property
    def actions(self) -> tuple[str, ...]:
        return self._world.actions

    @property
    def slots(self) -> tuple[TextureSlot, ...]:
        return self._world.slots

    @property
    def measures(self) -> tuple[EpisodeMeasure, ...]:
        return self._world.measures

    @property
    def step_s(self) -> float:
        return self._world.step_s

    @property
    def max_steps(self) -> int:
        return self._world.max_steps

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        return self._world.observation_shape

    def reset(self, seeds: Tensor) -> Any:
        """The begin. Raises :class:`BrokenPart` where the first seed does not make the same episode twice."""
        if not self._repeats:
            where = self._owner.call("reset", changes, self._world, seeds[:1])
            fine = "gives another episode for the same seed"
            self._owner.require(not where, "reset", f"{fine} ({int(seeds[0])}): {where} differs")
            self._repeats = True
        return self._owner.call("reset", self._world.reset, seeds)

    def observe(self, state: Any, prints: Mapping[str, PatchImage]) -> Observation:
        """The pictures. Raises :class:`BrokenPart` where they are none of the size that was promised."""
        owner, here = self._owner, "observe"
        made: Any = owner.call(here, self._world.observe, state, prints)
        owner.require(isinstance(made, Observation), here, f"gives {type(made).__name__} where Observation is due")
        owner.check_tensor(here, "images", made.images, ("E", *self.observation_shape), made.images)
        if owner.due(here, made.images):
            owner.check_share(here, "images", made.images.detach())
        return made  # type: ignore[no-any-return]

    def step(self, state: Any, actions: Tensor) -> Transition:
        """One decision further. Raises :class:`BrokenPart` where it says not for every episode what came of it."""
        owner, here = self._owner, "step"
        made: Any = owner.call(here, self._world.step, state, actions)
        owner.require(isinstance(made, Transition), here, f"gives {type(made).__name__} where Transition is due")
        owner.check_tensor(here, "rewards", made.reward, (len(actions),), made.reward)
        owner.check_finite(here, "rewards", made.reward)
        return made  # type: ignore[no-any-return]

    def measured(self, state: Any) -> dict[str, Tensor]:
        """All measures. Raises :class:`BrokenPart` where one is missing."""
        made: Any = self._owner.call("measured", self._world.measured, state)
        missing = {one.name for one in self.measures} - set(made)
        self._owner.require(not missing, "measured", f"lacks {', '.join(sorted(missing))}, which it promises")
        return made  # type: ignore[no-any-return]

    def to(self, device: torch.device | str) -> World:
        """The same on another device."""
        moved: Any = self._owner.call("to", self._world.to, device)
        self._owner.require(moved is not None, "to", "gives None: it must return the world")
        return guarded_world(moved, self._owner)


class _GuardedShowing:
    """The method of a world that knows where its objects are."""

    _world: Any
    _owner: Owner

    def scene(self, state: Any, slot: str) -> SceneBatch:
        made: Any = self._owner.call("scene", self._world.scene, state, slot)
        self._owner.require(isinstance(made, SceneBatch), "scene", f"gives {type(made).__name__}, not SceneBatch")
        return made  # type: ignore[no-any-return]


class _GuardedAdvising:
    """The method of a world that knows what would be right."""

    _world: Any
    _owner: Owner

    def advised(self, state: Any) -> Tensor:
        made: Any = self._owner.call("advised", self._world.advised, state)
        fine = isinstance(made, Tensor) and made.dtype == torch.int64 and made.ndim == 1
        self._owner.require(fine, "advised", "must give one int64 an episode")
        return made  # type: ignore[no-any-return]


class _GuardedTelling:
    """The method of a world that knows how hard an episode is."""

    _world: Any
    _owner: Owner

    def conditions(self, state: Any) -> dict[str, Tensor]:
        made: Any = self._owner.call("conditions", self._world.conditions, state)
        fine = isinstance(made, Mapping) and all(isinstance(value, Tensor) for value in made.values())
        self._owner.require(fine, "conditions", "must give a tensor a name")
        return dict(made)


class _GuardedKeeping:
    """The methods of a world whose earlier states stay usable."""

    _world: Any
    _owner: Owner

    def pick(self, state: Any, episodes: Tensor) -> Any:
        return self._owner.call("pick", self._world.pick, state, episodes)

    def joined(self, states: Sequence[Any]) -> Any:
        return self._owner.call("joined", self._world.joined, states)


_PROMISES: tuple[tuple[type, type], ...] = (
    (ShowsObjects, _GuardedShowing),
    (Advises, _GuardedAdvising),
    (TellsConditions, _GuardedTelling),
    (KeepsStates, _GuardedKeeping),
)


def guarded_world(world: World, owner: Owner) -> World:
    """The world behind a guard that promises all that it promises."""
    bases = tuple(guard for promise, guard in _PROMISES if owner.call("build", isinstance, world, promise))
    kind: Any = type("GuardedWorld", (*bases, GuardedWorld), {})
    made: World = kind(world, owner)
    return made


def _all(made: Any, kind: type) -> bool:
    return isinstance(made, tuple) and all(isinstance(one, kind) for one in made)
