"""Options of the attacks on images that ask and are given no gradient. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class OnePixelConfig:
    population: int = 400  # candidates for each image; a generation asks about each of them once
    generations: int = 100  # after the first
    weight: float = 0.5  # F: how far a candidate moves along the difference of two others


@dataclass
class SquareSearchConfig:
    queries: int = 5000  # at most, for each image
    p: float = 0.8  # of the first squares, as a share of the picture; it is halved eight times on the way


@dataclass
class HopSkipJumpConfig:
    queries: int = 5000  # at most, for each image
    start: int = 100  # of these at most, to find a first image that fools among random ones
    probes: int = 100  # B0: of the first estimate of the boundary's direction; it grows with the step's square root
    steps: int = 64  # T, at most


@dataclass
class NesConfig:
    queries: int = 10_000  # at most, for each image
    samples: int = 50  # n: of one estimate of the gradient, in pairs
    sigma: float = 0.001  # of the noise around the image that is asked about
    step: float = 0.2  # eta: of each step, as a share of eps
    momentum: float = 0.9  # share of the estimates before that is kept at each step


@dataclass
class SimbaConfig:
    queries: int = 10_000  # at most, for each image
    step: float = 0.2  # epsilon: along one direction, in sRGB units
    frequencies: int = 0  # of the cosine transform, lowest first, across and down; 0: single pixels instead


def check_one_pixel(config: OnePixelConfig) -> None:
    """Raise :class:`BadOption` for numbers with which nothing could evolve."""
    if config.population < 4 or config.generations < 0 or not config.weight > 0:
        raise BadOption(
            "attack=one-pixel needs population >= 4, generations >= 0 and weight > 0, "
            f"got {config.population}, {config.generations}, {config.weight}"
        )


def check_square_search(config: SquareSearchConfig) -> None:
    """Raise :class:`BadOption` for numbers with which the search could not run."""
    if config.queries < 1 or not 0 < config.p <= 1:
        raise BadOption(f"attack=square needs queries >= 1 and 0 < p <= 1, got {config.queries}, {config.p}")


def check_hop_skip_jump(config: HopSkipJumpConfig) -> None:
    """Raise :class:`BadOption` for numbers with which no boundary could be walked along."""
    if min(config.queries, config.start, config.steps) < 1 or config.probes < 2:
        raise BadOption(
            "attack=hop-skip-jump needs queries, start and steps >= 1 and probes >= 2, "
            f"got {config.queries}, {config.start}, {config.steps}, {config.probes}"
        )


def check_nes(config: NesConfig) -> None:
    """Raise :class:`BadOption` for numbers with which no gradient could be estimated."""
    if config.queries < 1 or config.samples < 2 or config.samples % 2 or not config.sigma > 0 or not config.step > 0:
        raise BadOption(
            "attack=nes needs queries >= 1, an even number of samples, sigma > 0 and step > 0, "
            f"got {config.queries}, {config.samples}, {config.sigma}, {config.step}"
        )
    if not 0 <= config.momentum < 1:
        raise BadOption(f"attack=nes needs momentum from 0 to below 1, got {config.momentum}")


def check_simba(config: SimbaConfig) -> None:
    """Raise :class:`BadOption` for numbers with which no step could be taken."""
    if config.queries < 1 or not config.step > 0 or config.frequencies < 0:
        raise BadOption(
            "attack=simba needs queries >= 1, step > 0 and frequencies >= 0, "
            f"got {config.queries}, {config.step}, {config.frequencies}"
        )
