"""Where to: away from what the policy would do or from one action, toward a certain one, or toward where it hurts.

``lure`` is Lin's enchanting attack (arXiv:1703.06748, 4.2) on a short leash: there a learned model foresees where each
plan of actions leads, here the world itself is tried out. Each action is held for ``horizon`` steps from the very state
of the episode, and the one after which the return is lowest is what the policy is lured to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.nearest import did_you_mean
from physadv.core.worlds import KeepsStates, World

AWAY, LEAST, LURE = "away", "least", "lure"
RULES = (AWAY, LEAST, LURE)
"""Beside the name of an action, and ``no-`` before one."""
NO = "no-"


@dataclass(frozen=True)
class AimedAt:
    """What is wanted of a policy at some moments."""

    labels: Tensor  # (E,) int64 into the victim's
    toward: bool  # these actions; else any others
    open: Tensor  # (E,) bool: the policy does not do so by itself


@dataclass(frozen=True)
class AttackAim:
    """What the policy shall do instead."""

    rule: str = AWAY  # away: anything else; least: what it values least; lure; an action; no-ACTION
    horizon: int = 8  # steps that lure looks ahead

    def check(self, world: World) -> None:
        """Raise :class:`PhysadvError` where this cannot be aimed at here."""
        if self.horizon < 1:
            raise BadOption(f"horizon must be at least 1 step, got {self.horizon}")
        if self._action not in (*RULES, *world.actions) or (self.rule.removeprefix(NO) in RULES and NO in self.rule):
            near = did_you_mean(self._action, [*RULES, *world.actions])
            raise BadOption(
                f"aim={self.rule} is no action of world {world.name!r}{near}. Choose among "
                f"{', '.join((*RULES, *world.actions))}, or {NO}{world.actions[0]} for any but that"
            )
        if self.rule == LURE and not isinstance(world, KeepsStates):
            raise IncompatibleParts(
                f"aim=lure tries out what actions lead to, but world {world.name!r} cannot go back to an earlier "
                "state. Choose aim=least, or aim=away"
            )

    @property
    def _action(self) -> str:
        return self.rule.removeprefix(NO)

    def at(self, world: World, state: Any, logits: Tensor, own: Tensor, known: Tensor) -> AimedAt:
        """What is wanted where the victim answers ``logits`` ``(E,K)`` to the clean pictures and does ``own`` ``(E,)``.

        ``known`` ``(K,)`` says which of the world's actions each of its labels is.
        """
        match self.rule:
            case "away":
                return AimedAt(own, toward=False, open=torch.ones_like(own, dtype=torch.bool))
            case "least":
                wanted = logits.argmin(1)
            case "lure":
                wanted = worst_actions(world, state, self.horizon, known).to(logits.device)
            case _:
                wanted = self._named(world, known).expand(len(own))
        if self.rule.startswith(NO):
            return AimedAt(wanted, toward=False, open=own == wanted)
        return AimedAt(wanted, toward=True, open=own != wanted)

    def _named(self, world: World, known: Tensor) -> Tensor:
        found = (known == world.actions.index(self._action)).nonzero().flatten()
        if not len(found):
            raise IncompatibleParts(f"aim={self.rule} names an action that the policy never takes. Choose another one")
        return found


def worst_actions(world: World, state: Any, horizon: int, known: Tensor) -> Tensor:
    """``(E,)`` int64 into ``known`` ``(K,)``, some of the world's actions: which of them, held for ``horizon`` steps,
    earns least.

    A tie is the first one's.
    """
    assert isinstance(world, KeepsStates)
    earned = []
    for action in known.tolist():
        here, total = state, torch.zeros(_count(world, state))
        for _ in range(horizon):
            moved = world.step(here, torch.full(_count(world, state), action, dtype=torch.int64))
            here, total = moved.state, total + moved.reward.cpu()
            if bool(moved.ended.all()):
                break
        earned.append(total)
    return torch.stack(earned).argmin(0)


def _count(world: World, state: Any) -> tuple[int]:
    measured = world.measured(state)
    return (len(measured["return"]),)
