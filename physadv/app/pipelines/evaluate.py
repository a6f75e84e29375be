"""Judge a patch from disk; behind defences also with attacks that know them."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import parts
from physadv.app.assembly.announced import announced_on
from physadv.app.assembly.attack_recipes import AttackRecipe
from physadv.app.assembly.defense_pictures import write_masks
from physadv.app.assembly.defense_table import (
    DefenseBench,
    beside_the_bare,
    defense_bench,
    plain_rows,
    write_table,
)
from physadv.app.assembly.judgements import first_ap50, headlines, judge, judging_bar, write_record
from physadv.app.assembly.patches_under_test import patches_under_test
from physadv.app.assembly.stages import on_the_way
from physadv.app.assembly.trials import bench_of, scenes_of
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.config.schema import AdaptiveConfig
from physadv.app.registry import Registry
from physadv.core.defended import defended_in
from physadv.engines.judging.cost import judging_part
from physadv.engines.judging.trial import Trial
from physadv.library.files.patches import save_patch
from physadv.library.report.defense_words import verdicts
from physadv.library.report.pages.run import write_report
from physadv.library.report.stage_words import stage_lines
from physadv.library.runs.forecast import Forecast

logger = logging.getLogger(__name__)


def evaluate_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Load the patch, build scenes and victims, judge. Returns AP50 with the patch on the first victim."""
    started = time.monotonic()
    options, device = JudgingOptions.of(config), parts.device_of(config.device)
    adaptive = cast(AdaptiveConfig, OmegaConf.to_object(config.adaptive))
    patches = patches_under_test(config.patch, list(config.against), config.width_mm or None)
    if adaptive.on:
        options, made_by = beside_the_bare(options), AttackRecipe.of(config.patch)
    bench = bench_of(registry, options, patches, device)
    pair = scenes_of(registry, options, bench.victims[0], device)
    trial, groups = announced_on(pair, options, bench, str(config.patch), out)
    if config.stages:
        trial = on_the_way(trial, options)
    attacked = None
    if adaptive.on:
        attacked = defense_bench(registry, options, adaptive, made_by, pair=pair, trial=trial, out=out)
    if config.dry_run:
        joint = judging_part(trial, groups)
        forecast = Forecast(device, attacked.forecast(joint) if attacked else (joint,))
        logger.info("cost    %s", forecast.words())
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(patches[0].patch, out)
    scores = judge("evaluate", trial, options, out, started=started)
    for line in stage_lines(scores):
        logger.info("stages  %s", line)
    if any(defended_in(victim) for victim in trial.victims):
        _tabled(trial, scores, attacked, out, progress=options.progress)
        write_record("evaluate", trial, options, out, started=started, scores=headlines(scores))
        logger.info("report  %s", write_report(out))
    return first_ap50(scores)


def _tabled(
    trial: Trial, scores: Mapping[str, Any], attacked: DefenseBench | None, out: Path, *, progress: bool
) -> None:
    """Write the table of defences with its pictures, and say what it tells."""
    rows = attacked.rows(scores, lambda: judging_bar(visible=progress), out) if attacked else plain_rows(trial, scores)
    table = write_table(rows, out)
    write_masks(table, trial, out)
    for sentence in verdicts(table):
        logger.info("%s", sentence)
