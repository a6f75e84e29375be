"""Judge a patch from disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from omegaconf import DictConfig

from physadv.app.assembly import cost, judge, parts, scenes
from physadv.app.assembly.contenders import contenders, related
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.engines.judging.readiness import check_trial
from physadv.library.files.patches import save_patch
from physadv.parts.patches.controls import PATCH

logger = logging.getLogger(__name__)


def evaluate_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Load the patch, build scenes and victims, judge. Returns AP50 with the patch on the first victim."""
    started = time.monotonic()
    if not config.patch:
        raise BadOption("which patch? Say patch=RUN_FOLDER, or patch=picture.png width_mm=300")
    device, chosen = parts.device_of(config.device), choices()
    known, others = contenders(config.patch, list(config.against), config.width_mm or None)
    victims = parts.victims_of(config, registry, device)
    goal = parts.part(registry, "goal", chosen["goal"], config.goal, config.seed)
    pair = scenes.two_parts(registry, chosen["scenes"], config.scenes, config.judge, config.seed, victims[0], device)
    parts.check_pictures(victims, pair.judge_on)
    relations = related(pair, chosen["scenes"], (known, *others))
    found = judge.surveyed(pair.judge_on, known.patch, config)
    case = judge.Case(
        known.patch, pair.judge_on, relations, found, victims, goal, device, known=known, others=others,
        started=started,
    )  # fmt: skip
    _announce(config, case)
    trial = judge.trial_of(case, config, out)
    ready = check_trial(trial)
    if config.dry_run:
        forecast = cost.Forecast(device, (cost.judging_part(trial, ready),))
        logger.info("cost    %s", forecast.words())
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(known.patch, out)
    return judge.judge("evaluate", case, config, out)


def _announce(config: DictConfig, case: judge.Case) -> None:
    """Say what is judged on what before spending any time."""
    logger.info("patch   %s, %.0f × %.0f mm", config.patch, case.patch.width_mm, case.patch.height_mm)
    logger.info("victims %s", ", ".join(victim.name for victim in case.victims))
    logger.info("judge   %s", case.relations[PATCH].words)
    logger.info("on      %s", case.found.words(judge.wearer_word(config)))
    judge.warn(case.found, case.relations, case.patch, config)
    judge.look_first(case.victims, case.scenes, case.device, choices()["goal"])
