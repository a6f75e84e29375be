"""Train the small policy into a run folder."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.config.choices import choices
from physadv.app.config.train_policy_options import TrainPolicyConfig
from physadv.app.registry import Registry
from physadv.core.errors import MissingExtra
from physadv.engines.training.detector import TrainProgress
from physadv.engines.training.policy import policy_forecast, train_policy
from physadv.engines.training.policy_card import CARD, arm_in_words
from physadv.engines.training.policy_options import check_policy_method
from physadv.parts.policies.drive_nano_weights import FILE

logger = logging.getLogger(__name__)


def train_policy_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Train, judge, and write weights and model card."""
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, TrainPolicyConfig)
    check_policy_method(options.method)
    options.train.check()
    if options.train.ppo_steps and find_spec("stable_baselines3") is None:
        raise MissingExtra("train.ppo_steps needs Stable-Baselines3: pip install 'physadv[rl]'")
    world = parts.part(registry, "world", choices()["world"], options.world, options.seed)
    if options.dry_run:
        logger.info("cost    %s", policy_forecast(options.method, world, options.train).words())
        logger.info("dry run: all parts fit, %d rounds on the CPU", options.train.rounds)
        return
    bar: Any = tqdm(desc="training", unit="step", file=sys.stderr, disable=not options.progress, dynamic_ncols=True)

    def progress(now: TrainProgress) -> None:
        bar.total = now.steps
        bar.set_postfix({"round": f"{now.epoch}/{now.epochs}", "loss": f"{now.loss:.3f}"}, refresh=False)
        bar.update(now.step - bar.n)

    with bar:
        figures = train_policy(options.method, options.name, world, options.train, out, progress)
    for arm in figures["arms"]:
        logger.info("%s", arm_in_words(arm))
    logger.info("weights %s", out / FILE)
    logger.info("card    %s", out / CARD)
