"""Judge a patch cell by cell over conditions; every cell is kept, so that a stopped or shared grid goes on."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.assembly.cells import CellTrials, distance_words, has_photos, said_once
from physadv.app.assembly.judgements import write_record
from physadv.app.assembly.patches_under_test import patches_under_test
from physadv.app.assembly.trials import bench_of
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.engines.judging.cost import cells_part
from physadv.engines.judging.first_look import warn_of_scenes
from physadv.engines.judging.grid.axes import Cell, cells, chosen_axes, held, mapped, why_not
from physadv.engines.judging.grid.cells import fill_cells, mean_ap50, picture_of, read_cells
from physadv.engines.judging.grid.pictures import gather
from physadv.engines.judging.grid.tables import grid_tables
from physadv.engines.judging.readiness import check_trial
from physadv.engines.judging.trial import Trial
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import save_patch
from physadv.library.report.grid_words import in_numbers
from physadv.library.report.pages.run import write_report
from physadv.library.report.scores import FORMAT
from physadv.library.runs.forecast import Forecast
from physadv.parts.patches.controls import PATCH
from physadv.parts.render.options import check as check_conditions

logger = logging.getLogger(__name__)


def grid_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Judge this job's share of the cells; whoever finds all of them done writes the tables and the report."""
    with said_once():
        return _grid(config, registry, out)


def _grid(config: DictConfig, registry: Registry, out: Path) -> float:
    started = time.monotonic()
    _check(config)
    options, only, on_map = JudgingOptions.of(config), list(config.only), list(config.map)
    axes = chosen_axes(options.settings["axes"], only, options.settings, options.choices["scenes"])
    for cell in cells(axes, mapped(on_map, axes)):
        check_conditions(options.holding(held(cell, options.settings)).eot)  # before hours pass
    device = parts.device_of(config.device)
    bench = bench_of(
        registry, options, patches_under_test(config.patch, list(config.against), config.width_mm or None), device
    )
    trials = CellTrials(registry, options, bench, out)
    axes = trials.photographed(axes, asked=bool(only))
    pair = mapped(on_map, axes)
    wanted = cells(axes, pair)
    valued = [name for name, values in options.settings["axes"].items() if values]
    left_out = [why_not(name, options.choices["scenes"]) for name in valued if name not in axes and not only]
    _announce(axes, pair, left_out)
    share = f", part {config.part} of {config.parts}" if config.parts > 1 else ""
    logger.info("run     %s: %d cells%s (after a stop go on with resume=true)", out, len(wanted), share)
    first = _look(trials, wanted, dry_run=config.dry_run, mine=len(wanted[config.part :: config.parts]))
    if config.dry_run:
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(bench.patches[0].patch, out)
    files = trials.files(wanted)
    mine = {cell: files[cell] for cell in wanted[config.part :: config.parts]}
    _fill(mine, trials, next(iter(axes)), progress=config.progress)
    found = read_cells(files)
    if len(found) < len(files):
        logger.info("grid    %d of %d cells are done; the other parts are still to come", len(found), len(files))
        return 1.0
    notes = {"distance_m": distance_words(options)} if has_photos(options) else {}
    tables = grid_tables(axes, pair, found, config.usable_from, notes)
    gather([place for cell, file in files.items() if (place := picture_of(cell, next(iter(axes)), file))], out)
    _write(tables, first, options, out, started)
    return mean_ap50(found)


def _check(config: DictConfig) -> None:
    if not 0 <= config.part < config.parts:
        raise BadOption(f"part must be from 0 to parts - 1, got part={config.part} parts={config.parts}")
    if not 0 < config.usable_from <= 1:
        raise BadOption(f"usable_from must be above 0 and at most 1, got {config.usable_from:g}")


def _announce(axes: Mapping[str, list[float]], pair: tuple[str, str] | None, left_out: Sequence[str]) -> None:
    for name, values in axes.items():
        logger.info("axis    %s: %s", name, ", ".join(f"{v:g}" for v in values))
    for reason in left_out:
        logger.info("left    %s", reason)
    logger.info("map     %s", " × ".join(pair) if pair else "none")


def _look(trials: CellTrials, wanted: Sequence[Cell], *, dry_run: bool, mine: int) -> Trial:
    """Say what the first cell is judged on, and refuse what a later one would refuse.

    ``mine`` is how many cells this job judges: a dry run tells what they cost. Returns the first cell's judgement.
    """
    scenes, bench, wearer = trials.scenes(wanted[0]), trials.bench, trials.options.wearer
    logger.info("judge   %s", scenes.relations[PATCH].words)
    logger.info("on      %s", scenes.found.words(wearer))
    warn_of_scenes(scenes.found, scenes.relations, bench.patches[0].patch, wearer)
    trials.check_scenes(wanted)
    trial = trials.trial(wanted[0])
    ready = check_trial(trial)
    if dry_run:
        logger.info("cost    %s", Forecast(bench.device, (cells_part(trial, ready, mine),)).words())
    return trial


def _fill(files: Mapping[Cell, Path], trials: CellTrials, first: str, *, progress: bool) -> None:
    """Judge the cells that are not there yet, with a bar."""
    steps = fill_cells(files, trials.trial, first, trials.out)
    done, total = next(steps)
    bar: Any = tqdm(total=total, initial=done, desc="cells", unit="cell", file=sys.stderr, disable=not progress,
                    dynamic_ncols=True)  # fmt: skip
    with bar:
        for _ in steps:
            bar.update()


def _write(tables: dict[str, Any], first: Trial, options: JudgingOptions, out: Path, started: float) -> None:
    """Tables, record and report of a whole grid."""
    write_text(out / "grid.json", json.dumps({"format": FORMAT, **tables}, allow_nan=False, indent=1))
    write_record("grid", first, options, out, started=started)
    for line in in_numbers(tables):
        logger.info("%s", line)
    logger.info("report  %s", write_report(out))
