"""Gaussian noise before the victim: Qin, Fan, Zha and Wu, "Random Noise Defense", NeurIPS 2021 (arXiv:2104.11470).

Made against searches by score: a search compares two pictures that hardly differ, and noise drowns the difference.
Whoever follows the gradient averages over draws instead, which ``evaluate adaptive=true`` does for every defence of
kind ``random``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from physadv.api import BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch, and ``physadv --help`` would wait for it
    from physadv.api import Defense

physadv_api = 2
physadv_permissions: tuple[str, ...] = ()


@dataclass
class NoiseConfig:
    sigma: float = 0.02  # standard deviation, of a channel in [0, 1]; the paper's for networks not trained on noise
    seed: int | None = None  # of the numbers while judging; empty: the run's


def build_noise(config: NoiseConfig) -> Defense:
    """Make the defence; the victim behind it is in a module of its own, which imports torch."""
    if not 0 < config.sigma <= 1:
        raise BadOption(f"defense.sigma of random-noise must be above 0 and at most 1, got {config.sigma:g}")
    from physadv_noise.noised import RandomNoise

    return RandomNoise(config.sigma, config.seed or 0)


@hookimpl
def physadv_defenses() -> Iterable[Entry[Any, Defense]]:
    """Offer it as ``defense=example/random-noise``."""
    text = "adds new Gaussian noise to every picture"
    return [Entry("example/random-noise", NoiseConfig, build_noise, text, "arXiv:2104.11470")]
