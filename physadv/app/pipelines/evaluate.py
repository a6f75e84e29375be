"""Judge a patch from disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from omegaconf import DictConfig

from physadv.app.assembly import parts
from physadv.app.assembly.contenders import contenders
from physadv.app.assembly.judgements import judge
from physadv.app.assembly.trials import Bench, JudgedScenes, bench_of, judged_scenes, scenes_of, trial_of
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.engines.judging.cost import judging_part
from physadv.engines.judging.first_look import warn_of_scenes, warn_of_victims
from physadv.engines.judging.readiness import check_trial
from physadv.library.files.patches import save_patch
from physadv.library.runs.forecast import Forecast
from physadv.parts.patches.controls import PATCH

logger = logging.getLogger(__name__)


def evaluate_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Load the patch, build scenes and victims, judge. Returns AP50 with the patch on the first victim."""
    started = time.monotonic()
    options, device = JudgingOptions.of(config), parts.device_of(config.device)
    patches = contenders(config.patch, list(config.against), config.width_mm or None)
    bench = bench_of(registry, options, patches, device)
    pair = scenes_of(registry, options, bench.victims[0], device)
    parts.check_pictures(bench.victims, pair.judge_on)
    scenes = judged_scenes(pair, patches, options)
    logger.info("patch   %s, %.0f × %.0f mm", config.patch, patches[0].patch.width_mm, patches[0].patch.height_mm)
    _announce(options, bench, scenes)
    trial = trial_of(bench, scenes, options, out)
    ready = check_trial(trial)
    if config.dry_run:
        forecast = Forecast(device, (judging_part(trial, ready),))
        logger.info("cost    %s", forecast.words())
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(patches[0].patch, out)
    return judge("evaluate", trial, options, out, started=started)


def _announce(options: JudgingOptions, bench: Bench, scenes: JudgedScenes) -> None:
    """Say who judges on what before spending any time."""
    logger.info("victims %s", ", ".join(victim.name for victim in bench.victims))
    logger.info("judge   %s", scenes.relations[PATCH].words)
    logger.info("on      %s", scenes.found.words(options.wearer))
    warn_of_scenes(scenes.found, scenes.relations, bench.patches[0].patch, options.wearer)
    warn_of_victims(bench.victims, scenes.source, bench.device, options.choices["goal"])
