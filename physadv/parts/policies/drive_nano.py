"""``drive-nano``: stops and goes by what it sees, trained by physadv itself; it comes with its weights."""

from __future__ import annotations

from physadv.parts.policies.control_victim import ControlVictim
from physadv.parts.policies.drive_nano_weights import read_drive_nano
from physadv.parts.policies.greedy import GreedyPolicy
from physadv.parts.policies.options import DriveNanoConfig


def build(name: str, config: DriveNanoConfig) -> GreedyPolicy:
    """The policy of the package's weights, or of the user's."""
    weights = read_drive_nano(name, config.weights)
    victim = ControlVictim(
        weights.net(), weights.actions, name=name, observation_shape=weights.shape, digest=weights.digest
    )
    return GreedyPolicy(name, victim, weights.shape)
