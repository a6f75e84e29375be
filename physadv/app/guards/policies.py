"""A policy of a plugin: the actions it takes are checked, and so is the victim it looks with."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.app.guards.victims import GuardedVictim
from physadv.core.protocols import Victim
from physadv.core.worlds import EpisodeMeasure, MeasuresDriving, Observation, Policy


def guarded_policy(policy: Policy, owner: Owner) -> GuardedPolicy:
    """The policy behind its guard; one that measures its driving still does."""
    return (GuardedMeasuringPolicy if isinstance(policy, MeasuresDriving) else GuardedPolicy)(policy, owner)


class GuardedPolicy:
    """The policy itself, but its actions must be actions that it has, one an episode."""

    def __init__(self, policy: Policy, owner: Owner) -> None:
        self._policy, self._owner = policy, owner
        name, actions, shape, needs = (
            owner.call(member, getattr, policy, member)
            for member in ("name", "actions", "observation_shape", "needs_victim")
        )
        owner.require(isinstance(name, str) and bool(name), "name", f"must be text, got {name!s:.80}")
        named = isinstance(actions, tuple | list) and all(isinstance(one, str) and one for one in actions)
        owner.require(bool(named and actions), "actions", f"must be names, got {actions!s:.80}")
        sides = shape is None or (isinstance(shape, tuple | list) and len(shape) == 3)
        owner.require(sides, "observation_shape", f"must be (channels, height, width) or None, got {shape!s:.80}")
        owner.require(isinstance(needs, bool), "needs_victim", f"must be True or False, got {needs!s:.80}")
        self._victim = None if needs else GuardedVictim(owner.call("victim", lambda: policy.victim), owner)

    @property
    def name(self) -> str:
        return self._policy.name

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(self._policy.actions)

    @property
    def victim(self) -> Victim[Any, Any]:
        return self._victim if self._victim is not None else self._policy.victim

    @property
    def needs_victim(self) -> bool:
        return self._policy.needs_victim

    @property
    def observation_shape(self) -> tuple[int, int, int] | None:
        return self._policy.observation_shape

    def begin(self, episodes: int) -> None:
        """As the policy."""
        self._owner.call("begin", self._policy.begin, episodes)

    def act(self, observation: Observation) -> Tensor:
        """``(E,)`` int64. Raises :class:`BrokenPart` for anything else."""
        owner, here, episodes = self._owner, "act", len(observation.images)
        made: Any = owner.call(here, self._policy.act, observation)
        owner.require(isinstance(made, Tensor), here, f"gives {type(made).__name__}, not a tensor")
        fine = made.shape == (episodes,) and made.dtype == torch.int64
        owner.require(fine, here, f"must give ({episodes},) int64, got {tuple(made.shape)} {made.dtype}")
        if owner.due(here, made):
            known = 0 <= int(made.min()) <= int(made.max()) < len(self.actions)
            owner.require(known, here, f"gives actions {made.tolist()!s:.60}, but there are {len(self.actions)}")
        return made  # type: ignore[no-any-return]

    def behind(self, victim: Victim[Any, Any]) -> GuardedPolicy:
        """The same policy with another victim."""
        made: Any = self._owner.call("behind", self._policy.behind, victim)
        self._owner.require(made is not None, "behind", "gives None: it must return the policy")
        return guarded_policy(made, self._owner)

    def to(self, device: torch.device | str) -> GuardedPolicy:
        """The same policy on another device."""
        moved: Any = self._owner.call("to", self._policy.to, device)
        self._owner.require(moved is not None, "to", "gives None: it must return the policy")
        return guarded_policy(moved, self._owner)


class GuardedMeasuringPolicy(GuardedPolicy):
    """One with numbers of its own: a number an episode is due."""

    @property
    def measures(self) -> tuple[EpisodeMeasure, ...]:
        """Of the episodes, with their names. Raises :class:`BrokenPart` for anything else."""
        made: Any = self._owner.call("measures", getattr, self._policy, "measures")
        fine = isinstance(made, tuple) and all(isinstance(one, EpisodeMeasure) for one in made)
        self._owner.require(fine, "measures", f"must be a tuple of EpisodeMeasure, got {made!s:.80}")
        return made  # type: ignore[no-any-return]

    def measured(self) -> dict[str, Tensor]:
        """By name. Raises :class:`BrokenPart` where one of the measures is missing."""
        inside: Any = self._policy
        made: Any = self._owner.call("measured", inside.measured)
        wanted = {one.name for one in self.measures}
        fine = isinstance(made, dict) and set(made) == wanted
        self._owner.require(fine, "measured", f"must give {', '.join(sorted(wanted))}, got {list(made)!s:.80}")
        return made  # type: ignore[no-any-return]
