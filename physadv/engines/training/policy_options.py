"""Options of ``physadv train policy``. Importing this never imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import OPENS

POLICY_METHODS = ("plain", "adversarial")


@dataclass
class PolicyTraining:
    """How a policy learns: by imitation, round by round, then, where it is asked for, by its own returns."""

    start: str = field(default="", metadata=OPENS)  # weights of an earlier run to go on from; empty = random ones
    rounds: int = 10  # of imitation: drive, be told what would have been right, learn
    episodes: int = 192  # driven in a round
    noted: float = 0.5  # share of their pictures that is learned from
    printed: float = 0.5  # share of the episodes with something on one of the world's slots: grey, or random colours
    steps: int = 220  # batches of a round
    last_steps: int = 900  # batches after the last round, with a falling rate
    batch: int = 128
    learning_rate: float = 1e-3
    caution: float = 4.0  # what a mistake where one should brake weighs, beside any other
    ppo_steps: int = 0  # moments of PPO after the imitation; 0 = none (needs the extra rl)
    ppo_learning_rate: float = 1e-4
    eps: float = 4 / 255  # of method=adversarial: the largest change of a value
    attack_steps: int = 3  # of PGD on half of every batch, of method=adversarial
    stickers: int = 3  # optimised in every round against the network, of method=adversarial
    sticker_steps: int = 25  # of Adam, each
    judged: int = 500  # episodes of the final figures
    attacked: int = 100  # episodes of the final figures under attack; 0 = none
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot work, before torch is imported."""
        for name in ("rounds", "episodes", "steps", "last_steps", "batch", "judged", "attack_steps", "sticker_steps"):
            if getattr(self, name) < 1:
                raise BadOption(f"train.{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("ppo_steps", "stickers", "attacked"):
            if getattr(self, name) < 0:
                raise BadOption(f"train.{name} must not be negative, got {getattr(self, name)}.")
        if not 0 < self.noted <= 1 or not 0 <= self.printed <= 1:
            raise BadOption(f"train.noted and train.printed are shares, got {self.noted:g} and {self.printed:g}.")
        if not self.caution > 0:
            raise BadOption(f"train.caution must be above 0, got {self.caution:g}.")
        for name in ("learning_rate", "ppo_learning_rate", "eps"):
            if not 0 < getattr(self, name) < 1:
                raise BadOption(f"train.{name} must lie between 0 and 1, got {getattr(self, name):g}.")


def check_policy_method(method: str) -> None:
    """Refuse a method that there is not."""
    if method not in POLICY_METHODS:
        raise BadOption(f"method must be one of {', '.join(POLICY_METHODS)} for a policy, got {method!r}.")
