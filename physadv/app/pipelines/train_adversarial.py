"""Train a victim further, against patches, into a run folder."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from physadv.engines.training.adversarial_options import AdversarialTraining, check_method, check_name
from physadv.engines.training.cost import adversarial_forecast
from physadv.engines.training.detector import TrainProgress
from physadv.engines.training.robust_card import CARD, in_words
from physadv.engines.training.robust_classifier import pupil_of, robust_forecast, train_robustly
from physadv.engines.training.robust_options import RobustTraining, check_robust_method
from physadv.library.small_nets.ready import DATA
from physadv.library.small_nets.weights import FILE
from physadv.parts.victims.sign_nano_weights import read_sign_nano

logger = logging.getLogger(__name__)

DETECTORS, CLASSIFIERS = ("sign-nano", "sign-nano-robust"), tuple(DATA)
"""Victims that can be trained, against patches and against changes of whole pictures."""

Tell = Callable[[TrainProgress], None]


def train_adversarial_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Train, measure, and write weights and model card."""
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, TrainAdversarialConfig)
    victim = choices()["victim"]
    if victim in CLASSIFIERS:
        _check_unused(
            "train", options.train, AdversarialTraining(), f"victim={victim} is trained with robust.* options"
        )
        _train_classifier(victim, options, out)
    elif victim in DETECTORS:
        _check_unused("robust", options.robust, RobustTraining(), f"victim={victim} is trained with train.* options")
        _train_detector(victim, options, out)
    else:
        raise BadOption(f"victim={victim} cannot be trained here; these can: {', '.join(DETECTORS + CLASSIFIERS)}.")


def _check_unused(group: str, typed: object, usual: object, instead: str) -> None:
    """Raise :class:`BadOption` for options of the other training, which would change nothing."""
    changed = [name for name, value in vars(usual).items() if getattr(typed, name) != value]
    if changed:
        raise BadOption(f"{group}.{changed[0]} changes nothing here: {instead}. Leave it out, or choose another victim")


def _train_detector(victim: str, options: TrainAdversarialConfig, out: Path) -> None:
    check_name(options.name)
    check_method(options.method)
    options.train.check()
    device = parts.device_of(options.device)
    weights = read_sign_nano(options.victim, victim)
    if options.dry_run:
        logger.info("cost    %s", adversarial_forecast(options.method, options.train, weights, device).words())
        logger.info("dry run: all parts fit, %d epochs on %s", options.train.epochs, device)
        return
    with _bar(shown=options.progress) as progress:
        train_adversarially(options.method, options.name, options.train, weights, device, out, progress)
    logger.info("weights %s", out / f"{options.name}.safetensors")
    logger.info("card    %s", out / f"{options.name}.md")


def _train_classifier(victim: str, options: TrainAdversarialConfig, out: Path) -> None:
    """From random weights, or on from ``victim.weights``."""
    check_robust_method(options.method)
    options.robust.check()
    device = parts.device_of(options.device)
    pupil = pupil_of(victim, options.victim.model, options.victim.weights, options.seed)
    if options.dry_run:
        logger.info("cost    %s", robust_forecast(options.method, pupil, options.robust, device).words())
        logger.info("dry run: all parts fit, on %s", device)
        return
    with _bar(shown=options.progress) as progress:
        figures = train_robustly(options.method, pupil, options.robust, device, out, progress)
    for row in figures["right"]:
        logger.info("%-8s %s", row["attack"], in_words(row))
    logger.info("weights %s", out / FILE)
    logger.info("card    %s", out / CARD)


@contextmanager
def _bar(*, shown: bool) -> Iterator[Tell]:
    bar: Any = tqdm(desc="training", unit="step", file=sys.stderr, disable=not shown, dynamic_ncols=True)

    def progress(now: TrainProgress) -> None:
        bar.total = now.steps
        bar.set_postfix({"epoch": f"{now.epoch}/{now.epochs}", "loss": f"{now.loss:.3f}"}, refresh=False)
        bar.update(now.step - bar.n)

    with bar:
        yield progress
