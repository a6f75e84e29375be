"""Policies, as rows. Importing this page never imports torch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.policies.options import (
    BrakeConfig,
    DriveNanoConfig,
    Sb3Config,
    TorchPolicyConfig,
    check_brake,
    check_path,
    check_torch_policy,
)

if TYPE_CHECKING:
    from physadv.core.worlds import Policy


def _torch(config: TorchPolicyConfig) -> Policy:
    check_torch_policy(config)
    from physadv.parts.policies.torch_policy import build

    return build(config)


def _sb3(config: Sb3Config) -> Policy:
    check_path("sb3", config.path, "the .zip that model.save() of Stable-Baselines3 wrote")
    from physadv.parts.policies.sb3 import build

    return build(config)


def _drive_nano(name: str, config: DriveNanoConfig) -> Policy:
    from physadv.parts.policies.drive_nano import build

    return build(name, config)


def _brake(config: BrakeConfig) -> Policy:
    check_brake(config)
    from physadv.parts.policies.brake_controller import BrakeController

    return BrakeController(config)


@hookimpl
def physadv_policies() -> list[Entry[Any, Policy]]:
    """Rows of policies."""
    return [
        Entry(
            "drive-nano",
            DriveNanoConfig,
            partial(_drive_nano, "drive-nano"),
            "stops and goes in world=stop-go, trained by physadv itself; comes with its weights",
        ),
        Entry(
            "drive-nano-robust",
            DriveNanoConfig,
            partial(_drive_nano, "drive-nano-robust"),
            "drive-nano, trained against changed pictures and stickers; comes with its weights",
            "arXiv:1706.06083",
        ),
        Entry(
            "torch",
            TorchPolicyConfig,
            _torch,
            "your policy from a file of weights: convolutions, then linear layers",
            "Mnih et al. 2015",
        ),
        Entry(
            "sb3",
            Sb3Config,
            _sb3,
            "your policy from a zip of Stable-Baselines3: PPO, A2C, DQN or SAC on pixels, read without unpickling",
            "github.com/DLR-RM/stable-baselines3",
        ),
        Entry(
            "brake",
            BrakeConfig,
            _brake,
            "any detector: follows the sign that it reports, and brakes when the braking distance says so",
        ),
    ]
