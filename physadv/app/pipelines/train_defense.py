"""Train a localiser of patches into a run folder."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.registry import Registry
from physadv.engines.training.defense import DefenseProgress, defense_forecast, train_defense
from physadv.engines.training.defense_options import DefenseTraining

logger = logging.getLogger(__name__)


def train_defense_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Train, set thresholds, measure, and write weights and model card."""
    options: Any = OmegaConf.to_object(config.train)
    assert isinstance(options, DefenseTraining)
    options.check(config.name)
    if config.dry_run:
        logger.info("cost    %s", defense_forecast(config.name, options).words())
        logger.info("dry run: photos and patches can be read")
        return
    bar: Any = tqdm(desc="training", unit="step", file=sys.stderr, disable=not config.progress, dynamic_ncols=True)

    def progress(now: DefenseProgress) -> None:
        bar.total = now.steps
        bar.set_postfix({"loss": f"{now.loss:.3f}"}, refresh=False)
        bar.update(now.step - bar.n)

    with bar:
        train_defense(config.name, options, out, progress)
    logger.info("weights %s", out / f"{config.name}.safetensors")
    logger.info("card    %s", out / f"{config.name}.md")
