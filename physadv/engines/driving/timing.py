"""When to attack: at every step, only when it matters, or a few times an episode.

Lin et al. 2017 (arXiv:1703.06748): attack when the policy cares which action it takes, that is when its preference
``c = max π − min π`` is at least β. Of action values π is their softmax, as there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from physadv.core.errors import BadOption


@dataclass(frozen=True)
class AttackTiming:
    """Which steps are attacked."""

    beta: float = 0.0  # preference from which on; 0: every step
    budget: int = 0  # attacked steps an episode, at most; 0: no bound

    def __post_init__(self) -> None:
        if not 0 <= self.beta <= 1:
            raise BadOption(f"beta is a difference of two probabilities, from 0 to 1, got {self.beta}")
        if self.budget < 0:
            raise BadOption(f"budget is a number of steps, at least 0 (no bound), got {self.budget}")

    @property
    def told(self) -> str:
        """ "every step", "β = 0.9, at most 5 steps"."""
        words = [f"β = {self.beta:g}"] if self.beta else []
        words += [f"at most {self.budget} steps"] if self.budget else []
        return ", ".join(words) or "every step"


@dataclass
class AttackClock:
    """Counts the attacked steps of episodes side by side."""

    timing: AttackTiming
    spent: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))

    def begin(self, episodes: int) -> None:
        """Other episodes."""
        self.spent = torch.zeros(episodes, dtype=torch.int64)

    def due(self, logits: Tensor, running: Tensor) -> Tensor:
        """``(E,)`` bool: whether this step is to be attacked; ``logits`` ``(E,K)`` are of the clean pictures."""
        due = running & (preference(logits) >= self.timing.beta)
        return due & (self.spent.to(due.device) < self.timing.budget) if self.timing.budget else due

    def count(self, touched: Tensor) -> None:
        """These steps ``(E,)`` bool were attacked."""
        self.spent = self.spent + touched.cpu()


def preference(logits: Tensor) -> Tensor:
    """``(E,)`` how much the policy cares: Lin's ``c``."""
    shares = logits.detach().float().softmax(1)
    return shares.amax(1) - shares.amin(1)
