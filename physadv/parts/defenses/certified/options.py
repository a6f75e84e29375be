"""Options of defences with a proof. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class PatchCleanserConfig:
    area: float = 0.02  # share of the picture that a square patch may cover
    windows: int = 6  # a side: so many squared are laid over the picture


@dataclass
class MaskEnsembleConfig:
    area: float = 0.01  # share of the picture that a square patch may cover
    windows: int = 6  # a side: so many squared are laid over the picture
    inside: float = 0.8  # share of a box within another one of its label, from which it is no other object
    cover: float = 0.5  # share of an object that a report must cover to have found it


@dataclass
class SmoothingConfig:
    sigma: float = 0.25  # of the noise, in sRGB
    draws: int = 100  # for an answer
    certify_draws: int = 1000  # for a certificate: the more, the larger its radius can be
    alpha: float = 0.001  # how often an answer, or a certificate, may be wrong
    seed: int = 0  # of the draws by picture when it is judged


def check_patch_cleanser(config: PatchCleanserConfig) -> None:
    """Refuse patches larger than the picture, and windows that are none."""
    _check_windows("patch-cleanser", config.area, config.windows)


def check_mask_ensemble(config: MaskEnsembleConfig) -> None:
    """Refuse the same, and shares of boxes with which nothing could be proven."""
    _check_windows("mask-ensemble", config.area, config.windows)
    for option, share in (("inside", config.inside), ("cover", config.cover)):
        if not 0 < share <= 1:
            raise BadOption(f"defense.{option} of mask-ensemble is a share above 0, at most 1, got {share:g}")


def check_smoothing(config: SmoothingConfig) -> None:
    """Refuse noise that is none, and errors that are always allowed."""
    if not config.sigma > 0:
        raise BadOption(f"defense.sigma of smoothing must be positive, got {config.sigma:g}")
    if not 0 < config.alpha < 0.5:
        raise BadOption(f"defense.alpha of smoothing must be above 0 and below .5, got {config.alpha:g}")
    for option, count in (("draws", config.draws), ("certify_draws", config.certify_draws)):
        if count < 2:
            raise BadOption(f"defense.{option} of smoothing must be at least 2, got {count}")


def _check_windows(name: str, area: float, windows: int) -> None:
    if not 0 < area < 1:
        raise BadOption(f"defense.area of {name} is a share of the picture above 0 and below 1, got {area:g}")
    if not 2 <= windows <= 16:
        raise BadOption(f"defense.windows of {name} must be from 2 to 16, got {windows}")
