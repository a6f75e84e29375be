"""Train a victim further, against patches, into a run folder."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.config.choices import choices
from physadv.app.config.schema import TrainAdversarialConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.engines.training.adversarial import train_adversarially
from physadv.engines.training.adversarial_options import check_method, check_name
from physadv.engines.training.cost import adversarial_forecast
from physadv.engines.training.detector import TrainProgress
from physadv.parts.victims.sign_nano_weights import read_sign_nano

logger = logging.getLogger(__name__)

TRAINABLE = ("sign-nano",)
"""Victims whose weights can be trained on."""


def train_adversarial_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Train on from the victim's weights, measure, and write weights and model card."""
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, TrainAdversarialConfig)
    victim = choices()["victim"]
    if victim not in TRAINABLE:
        raise BadOption(f"victim={victim} cannot be trained here; these can: {', '.join(TRAINABLE)}.")
    check_name(options.name)
    check_method(options.method)
    options.train.check()
    device = parts.device_of(options.device)
    weights = read_sign_nano(options.victim, victim)
    if options.dry_run:
        logger.info("cost    %s", adversarial_forecast(options.method, options.train, weights, device).words())
        logger.info("dry run: all parts fit, %d epochs on %s", options.train.epochs, device)
        return
    bar: Any = tqdm(desc="training", unit="step", file=sys.stderr, disable=not options.progress, dynamic_ncols=True)

    def progress(now: TrainProgress) -> None:
        bar.total = now.steps
        bar.set_postfix({"epoch": f"{now.epoch}/{now.epochs}", "loss": f"{now.loss:.3f}"}, refresh=False)
        bar.update(now.step - bar.n)

    with bar:
        train_adversarially(options.method, options.name, options.train, weights, device, out, progress)
    logger.info("weights %s", out / f"{options.name}.safetensors")
    logger.info("card    %s", out / f"{options.name}.md")
