"""Options that are used late, after minutes or hours, and therefore looked at first. Imports no torch."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.app.config.schema import JudgeConfig
from physadv.core.errors import BadOption
from physadv.engines.judging import options
from physadv.parts.printing.layout import parse_paper

QUALITIES = ("fast", "high")


def check_late_options(config: DictConfig) -> None:
    """Raise :class:`BadOption` for what judging or printing would refuse: ``judge.*``, ``protocol.*``, ``paper``."""
    if "judge" in config:
        judge: Any = OmegaConf.to_object(config.judge)
        check_judge(judge)
    if "protocol" in config:
        protocol: Any = OmegaConf.to_object(config.protocol)
        options.check(protocol)
    if "paper" in config:
        parse_paper(config.paper)


def check_judge(config: JudgeConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    for name, minimum in (("batch", 1), ("draws", 1), ("images", 0)):
        if getattr(config, name) < minimum:
            raise BadOption(f"judge.{name} must be at least {minimum}, got {getattr(config, name)}")
    if not 0 <= config.share < 1:
        raise BadOption(
            f"judge.share must be at least 0 and below 1, got {config.share:g}: photos must be left to optimise on"
        )
    if config.quality not in QUALITIES:
        raise BadOption(f"judge.quality must be one of {', '.join(QUALITIES)}; got {config.quality!r}")
