"""Options of the studies. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class MaskingConfig:
    images: int = 16  # pictures, those on which the goal is not reached anyway
    batch: int = 8  # pictures at a time
    eps: float = 0.0157  # the largest change of a colour, of 1: 4/255
    steps: int = 40  # of the iterative attack
    queries: int = 300  # of the black-box attack, for each picture
    tries: int = 10  # noises for each picture, of which the best is kept
    draws: int = 8  # of a random defence, averaged in every step and in every judgement
    directions: int = 8  # in which the gradient of a picture is held against finite differences
    evasion_weight: float = 1.0  # of what the defence looks for, against the goal's loss
    margin: float = 0.05  # share by which one attack must be ahead of another to be called better


def check_masking(config: MaskingConfig) -> None:
    """Raise :class:`BadOption` for numbers with which nothing can be told."""
    for name in ("images", "batch", "queries", "tries", "draws", "directions"):
        if getattr(config, name) < 1:
            raise BadOption(f"audit.{name} must be at least 1, got {getattr(config, name)}")
    if config.steps < 4:
        raise BadOption(f"audit.steps must be at least 4, so that half of them can be compared, got {config.steps}")
    if not 0 < config.eps < 1:
        raise BadOption(f"audit.eps must be between 0 and 1, got {config.eps}. 4/255 is 0.0157")
    if not (config.evasion_weight >= 0 and math.isfinite(config.evasion_weight)):
        raise BadOption(f"audit.evasion_weight must be a number from 0, got {config.evasion_weight}")
    if not 0 < config.margin < 1:
        raise BadOption(f"audit.margin must be between 0 and 1, got {config.margin}")
