"""Judge a patch from disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from omegaconf import DictConfig

from physadv.app.assembly import parts
from physadv.app.assembly.announced import announced_trial
from physadv.app.assembly.judgements import first_ap50, judge
from physadv.app.assembly.patches_under_test import patches_under_test
from physadv.app.assembly.trials import bench_of
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.engines.judging.cost import judging_part
from physadv.library.files.patches import save_patch
from physadv.library.runs.forecast import Forecast

logger = logging.getLogger(__name__)


def evaluate_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Load the patch, build scenes and victims, judge. Returns AP50 with the patch on the first victim."""
    started = time.monotonic()
    options, device = JudgingOptions.of(config), parts.device_of(config.device)
    patches = patches_under_test(config.patch, list(config.against), config.width_mm or None)
    bench = bench_of(registry, options, patches, device)
    trial, groups = announced_trial(registry, options, bench, str(config.patch), out)
    if config.dry_run:
        forecast = Forecast(device, (judging_part(trial, groups),))
        logger.info("cost    %s", forecast.words())
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(patches[0].patch, out)
    return first_ap50(judge("evaluate", trial, options, out, started=started))
