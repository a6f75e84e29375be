"""A judgement that is announced, and refused where it cannot be, before any time is spent on it."""

from __future__ import annotations

import logging
from pathlib import Path

from physadv.app.assembly.scenes import Parts
from physadv.app.assembly.trials import Bench, judged_scenes, scenes_of, trial_of
from physadv.app.assembly.victims import check_pictures
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.defended import BEHIND
from physadv.engines.judging.first_look import warn_of_scenes, warn_of_victims
from physadv.engines.judging.readiness import check_trial
from physadv.engines.judging.trial import Group, Trial
from physadv.parts.patches.controls import PATCH

logger = logging.getLogger(__name__)


def announced_trial(
    registry: Registry, options: JudgingOptions, bench: Bench, named: str, out: Path
) -> tuple[Trial, list[Group]]:
    """Build the scenes and announce the judgement on them; ``named`` is what the patch is called."""
    return announced_on(scenes_of(registry, options, bench.victims[0], bench.device), options, bench, named, out)


def announced_on(
    pair: Parts, options: JudgingOptions, bench: Bench, named: str, out: Path
) -> tuple[Trial, list[Group]]:
    """Say who judges on what of the scenes, and warn of what spoils it."""
    check_pictures(bench.victims, pair.judge_on)
    scenes, patch = judged_scenes(pair, bench.patches, options), bench.patches[0].patch
    logger.info("patch   %s, %.0f × %.0f mm", named, patch.width_mm, patch.height_mm)
    logger.info("victims %s", ", ".join(victim.name for victim in bench.victims))
    logger.info("judge   %s", scenes.relations[PATCH].words)
    logger.info("on      %s", scenes.found.words(options.wearer))
    warn_of_scenes(scenes.found, scenes.relations, patch, options.wearer)
    warn_of_victims(bench.victims, scenes.source, bench.device, options.choices["goal"])
    if known := _made_behind(bench):
        logger.info("note    %s", known)
    trial = trial_of(bench, scenes, options, out)
    return trial, check_trial(trial)


def _made_behind(bench: Bench) -> str:
    """A sentence where the patch was optimised behind a defence that nobody judges with: that is not taken over."""
    judged = {victim.digest for victim in bench.victims}
    missed = [name for name, digest in bench.patches[0].trained_on or () if digest not in judged and BEHIND in name]
    return f"the patch was optimised on {', '.join(missed)}: defense= judges it there, too" if missed else ""
