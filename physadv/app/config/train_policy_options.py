"""Options of ``physadv train policy``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.app.config.schema import RunConfig
from physadv.engines.training.policy_options import PolicyTraining


@dataclass
class TrainPolicyConfig(RunConfig):
    name: str = "drive-nano"  # of the weights, on their card
    method: str = "plain"  # plain, or adversarial: pictures and stickers are made against it while it learns
    world: Any = field(default_factory=dict)  # one that knows what would be right: stop-go
    train: PolicyTraining = field(default_factory=PolicyTraining)
