"""The policy that does what its network holds for best, at every moment anew."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Victim
from physadv.core.worlds import Observation


class GreedyPolicy:
    """Takes the action that its victim decides for; it remembers nothing, though a victim behind a defence may."""

    needs_victim = False

    def __init__(self, name: str, victim: Victim[Any, Any], observation_shape: tuple[int, int, int]) -> None:
        self.name, self.victim, self.observation_shape = name, victim, observation_shape

    @property
    def actions(self) -> tuple[str, ...]:
        """The victim's labels."""
        return self.victim.labels

    def begin(self, episodes: int) -> None:
        """Nothing is remembered."""

    @torch.no_grad()
    def act(self, observation: Observation) -> Tensor:
        """``(E,)`` int64 into the actions."""
        labels: Tensor = self.victim.decide(self.victim.outputs(observation.images)).labels
        return labels

    def behind(self, victim: Victim[Any, Any]) -> GreedyPolicy:
        """The same policy with another model. Raises :class:`IncompatibleParts` for one that weighs other actions."""
        if victim.task is not Task.control or victim.labels != self.victim.labels:
            raise IncompatibleParts(
                f"policy {self.name} chooses among {', '.join(self.actions)}; victim {victim.name} ({victim.task}) "
                f"answers {', '.join(victim.labels[:4])}. Leave the victim out: this policy brings its own."
            )
        # the defences, which follow the model's name in the defended one's
        return GreedyPolicy(self.name + victim.name.removeprefix(self.victim.name), victim, self.observation_shape)

    def to(self, device: torch.device | str) -> GreedyPolicy:
        """The same on another device."""
        return GreedyPolicy(self.name, self.victim.to(device), self.observation_shape)
