"""Train a detector into a run folder."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.engines.training.adversarial_options import check_name
from physadv.engines.training.cost import train_forecast
from physadv.engines.training.detector import TrainProgress, train_detector
from physadv.engines.training.model_card import DETECTOR, About
from physadv.engines.training.options import TrainConfig

logger = logging.getLogger(__name__)


def _about(config: DictConfig) -> About:
    """How the card begins: as that of sign-nano, or with the user's words and the command that was typed."""
    if config.name == DETECTOR.name and not config.says:
        return DETECTOR
    preset = choices().get("experiment", "").removeprefix("detector/")
    words = f"experiment={preset} " if preset else f"name={config.name} train.labels=[...] "
    command = f"physadv train detector {words}train.photos=PHOTOS train.validate=VALIDATION out=FOLDER"
    return About(config.name, (config.says,) if config.says else (), command, licence=config.licence)


def train_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Train, measure, and write weights and model card."""
    options: Any = OmegaConf.to_object(config.train)
    assert isinstance(options, TrainConfig)
    options.check()
    check_name(config.name)
    device = parts.device_of(config.device)
    if config.dry_run:
        logger.info("cost    %s", train_forecast(options, device).words())
        logger.info("dry run: all parts fit, %d epochs on %s", options.epochs, device)
        return
    bar: Any = tqdm(desc="training", unit="step", file=sys.stderr, disable=not config.progress, dynamic_ncols=True)

    def progress(now: TrainProgress) -> None:
        bar.total = now.steps
        bar.set_postfix({"epoch": f"{now.epoch}/{now.epochs}", "loss": f"{now.loss:.3f}"}, refresh=False)
        bar.update(now.step - bar.n)

    with bar:
        train_detector(options, device, out, progress, _about(config))
    logger.info("weights %s", out / f"{config.name}.safetensors")
    logger.info("card    %s", out / f"{config.name}.md")
