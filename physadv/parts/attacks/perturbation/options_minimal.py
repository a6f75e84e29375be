"""Options of the attacks that look for the smallest change. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class DeepFoolConfig:
    steps: int = 50  # at most; an image that is beyond an edge is asked about no more
    classes: int = 10  # whose edges are looked at: those with the highest logits
    overshoot: float = 0.02  # η: how much further than the edge


@dataclass
class DdnConfig:
    steps: int = 100  # of each image
    eps: float = 1.0  # size of the first change
    gamma: float = 0.05  # γ: by which share the size changes each step


@dataclass
class FmnConfig:
    steps: int = 100  # of each image
    alpha: float = 1.0  # α: the first step's length in L2; the last's is a hundredth
    gamma: float = 0.05  # γ: by which share the ball shrinks and grows at first


@dataclass
class CarliniWagnerConfig:
    searches: int = 9  # values of c tried for each image
    steps: int = 200  # of each of them, fewer where the loss no longer falls; the authors' code takes up to 10,000
    c: float = 0.1  # the first; the authors' code begins at .001, which few steps do not get away from
    lr: float = 0.05  # of Adam; the authors' .01 needs thousands of steps to get black and white pixels moving
    kappa: float = 0.0  # κ: by how much the wanted logit shall lead; more of it transfers better


@dataclass
class LbfgsConfig:
    searches: int = 10  # values of c tried for each image
    iterations: int = 50  # of the minimiser, for each of them
    c: float = 1.0  # the first weight of the change's size; the largest that succeeds is looked for


def check_deepfool(config: DeepFoolConfig) -> None:
    """Raise :class:`BadOption` for numbers with which the search could not run."""
    if config.steps < 1 or config.classes < 1 or config.overshoot < 0:
        raise BadOption(
            "attack=deepfool needs steps >= 1, classes >= 1 and overshoot >= 0, "
            f"got {config.steps}, {config.classes}, {config.overshoot}"
        )


def check_ddn(config: DdnConfig) -> None:
    """As :func:`check_deepfool`."""
    if config.steps < 1 or not config.eps > 0 or not 0 < config.gamma < 1:
        raise BadOption(
            f"attack=ddn needs steps >= 1, eps > 0 and 0 < gamma < 1, got {config.steps}, {config.eps}, {config.gamma}"
        )


def check_fmn(config: FmnConfig) -> None:
    """As :func:`check_deepfool`."""
    if config.steps < 1 or not config.alpha > 0 or not 0 < config.gamma < 1:
        raise BadOption(
            "attack=fmn needs steps >= 1, alpha > 0 and 0 < gamma < 1, "
            f"got {config.steps}, {config.alpha}, {config.gamma}"
        )


def check_carlini_wagner(config: CarliniWagnerConfig) -> None:
    """As :func:`check_deepfool`."""
    if config.searches < 1 or config.steps < 1 or not config.c > 0 or not config.lr > 0 or config.kappa < 0:
        raise BadOption(
            "attack=carlini-wagner needs searches >= 1, steps >= 1, c > 0, lr > 0 and kappa >= 0, "
            f"got {config.searches}, {config.steps}, {config.c}, {config.lr}, {config.kappa}"
        )


def check_lbfgs(config: LbfgsConfig) -> None:
    """As :func:`check_deepfool`."""
    if config.searches < 1 or config.iterations < 1 or not config.c > 0:
        raise BadOption(
            "attack=lbfgs needs searches >= 1, iterations >= 1 and c > 0, "
            f"got {config.searches}, {config.iterations}, {config.c}"
        )
