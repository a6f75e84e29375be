"""Judge a patch cell by cell over conditions; every cell is kept, so that a stopped or shared grid goes on."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly import cost, grid_axes, judge, parts, scenes
from physadv.app.assembly.contenders import contenders, related
from physadv.app.assembly.grid_axes import AXES, Cell
from physadv.app.assembly.grid_pictures import gather, save_picture
from physadv.app.assembly.grid_tables import grid_tables
from physadv.app.assembly.judge import Case
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.core.protocols import Goal, SceneSource, Victim
from physadv.engines.judging import protocol_text
from physadv.engines.judging.collect import observe
from physadv.engines.judging.evaluate import judge_group
from physadv.engines.judging.readiness import check_trial
from physadv.engines.judging.scoring import ground_truth
from physadv.engines.judging.shards import digest
from physadv.engines.judging.survey import Survey
from physadv.engines.judging.trial import exact_digest, groups, keeping
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import save_patch
from physadv.library.files.plain_json import plain
from physadv.library.report.grid_words import in_numbers
from physadv.library.report.pages.run import write_report
from physadv.library.report.scores import FORMAT
from physadv.library.runs.options import read_object
from physadv.library.runs.relation import Relation
from physadv.parts.patches.controls import PATCH, PatchUnderTest, arms, role
from physadv.parts.render.options import EotConfig
from physadv.parts.render.options import check as check_conditions
from physadv.parts.scenes.at_distance import TooNear
from physadv.parts.scenes.options import MarkedConfig

logger = logging.getLogger(__name__)

KEPT = ("success", "AP50", "recall")


@dataclass(frozen=True)
class Bench:
    """What all cells share."""

    registry: Registry
    known: PatchUnderTest
    others: tuple[PatchUnderTest, ...]
    victims: list[Victim]
    goal: Goal
    device: torch.device
    out: Path


@dataclass(frozen=True)
class Source:
    """What cells of the same scenes are judged on."""

    judge_on: SceneSource
    relations: Mapping[str, Relation]
    found: Survey


def grid_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Judge this job's share of the cells; whoever finds all of them done writes the tables and the report."""
    with said_once():
        return _grid(config, registry, out)


@contextmanager
def said_once() -> Iterator[None]:
    """What scenes say of themselves is said once: they are made again for many cells."""
    said: set[str] = set()

    def is_new(entry: logging.LogRecord) -> bool:
        text = entry.getMessage()
        known = text in said and entry.name.startswith("physadv.parts.scenes")
        said.add(text)
        return not known

    handlers = logging.getLogger().handlers[:]
    for handler in handlers:
        handler.addFilter(is_new)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_new)


def _grid(config: DictConfig, registry: Registry, out: Path) -> float:
    started = time.monotonic()
    if not 0 <= config.part < config.parts:
        raise BadOption(f"part must be from 0 to parts - 1, got part={config.part} parts={config.parts}")
    if not 0 < config.usable_from <= 1:
        raise BadOption(f"usable_from must be above 0 and at most 1, got {config.usable_from:g}")
    axes = grid_axes.chosen_axes(config, choices()["scenes"])
    for cell in grid_axes.cells(axes, grid_axes.mapped(config, axes)):
        check_conditions(cast(EotConfig, OmegaConf.to_object(grid_axes.held(config, cell).eot)))  # before hours pass
    bench = _bench(config, registry, out)
    axes = _photographed(config, bench, axes)
    pair = grid_axes.mapped(config, axes)
    wanted = grid_axes.cells(axes, pair)
    _announce(config, axes, pair, len(wanted), out)
    source = _judged_on(grid_axes.held(config, wanted[0]), bench)
    logger.info("judge   %s", source.relations[PATCH].words)
    logger.info("on      %s", source.found.words(judge.wearer_word(config)))
    judge.warn(source.found, source.relations, bench.known.patch, config)
    _ready(config, bench, source, wanted)
    if config.dry_run:
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(bench.known.patch, out)
    files = {cell: out / "cells" / f"{_name(config, bench, cell)}.json" for cell in wanted}
    mine = {c: f for i, (c, f) in enumerate(files.items()) if i % config.parts == config.part}
    _fill(config, bench, mine, next(iter(axes)))
    found = {cell: content for cell, file in files.items() if (content := _kept(file)) is not None}
    missing = len(files) - len(found)
    if missing:
        logger.info(
            "grid    %d of %d cells are done; the other parts are still to come", len(files) - missing, len(files)
        )
        return 1.0
    places = [_pictured(cell, next(iter(axes)), file) for cell, file in files.items()]
    gather([place for place in places if place], out)
    tables = grid_tables(axes, pair, found, config.usable_from, _notes(config))
    write_text(out / "grid.json", json.dumps({"format": FORMAT, **tables}, allow_nan=False, indent=1))
    judge.write_record("grid", _case(bench, source, started), config, out, [])
    for line in in_numbers(tables):
        logger.info("%s", line)
    logger.info("report  %s", write_report(out))
    return _mean_ap50(found)


def _notes(config: DictConfig) -> dict[str, str]:
    """Axis → what a reader must know about it."""
    return {"distance_m": grid_axes.told_by(config)} if _has_photos(config) else {}


def _has_photos(config: DictConfig) -> bool:
    """Whether the scenes are annotated photos, whose distances rest on assumptions."""
    kind = OmegaConf.get_type(config.scenes)
    return kind is not None and issubclass(kind, MarkedConfig)


def _photographed(config: DictConfig, bench: Bench, axes: dict[str, list[float]]) -> dict[str, list[float]]:
    """The axes without distances that no photo can show; those that were asked for by name are refused."""
    if "distance_m" not in axes or not _has_photos(config):
        return axes
    logger.info("photos  %s", grid_axes.told_by(config))
    able: list[float] = []
    for distance in axes["distance_m"]:
        try:
            _parts(grid_axes.held(config, (("distance_m", distance),)), bench)
        except TooNear as error:
            if config.only or distance == axes["distance_m"][-1]:
                raise
            logger.warning("left    distance_m=%g: %s", distance, error)
        else:
            able.append(distance)
    return {name: able if name == "distance_m" else values for name, values in axes.items()}


def _bench(config: DictConfig, registry: Registry, out: Path) -> Bench:
    if not config.patch:
        raise BadOption("which patch? Say patch=RUN_FOLDER, or patch=picture.png width_mm=300")
    device = parts.device_of(config.device)
    known, others = contenders(config.patch, list(config.against), config.width_mm or None)
    victims = parts.victims_of(config, registry, device)
    goal = parts.part(registry, "goal", choices()["goal"], config.goal, config.seed)
    return Bench(registry, known, others, victims, goal, device, out)


def _ready(config: DictConfig, bench: Bench, source: Source, wanted: list[Cell]) -> None:
    """Refuse now what a later cell would refuse, and tell the cost where it is asked for."""
    scenes_of = {digest([_scenes_of(config, cell)]): cell for cell in wanted}
    for cell in {} if _has_photos(config) else scenes_of.values():  # photos were looked at for the axes
        parts.part(bench.registry, "scenes", choices()["scenes"], grid_axes.held(config, cell).scenes, config.seed)
    trial = judge.trial_of(_case(bench, source), grid_axes.held(config, wanted[0]), bench.out)
    ready = check_trial(trial)
    if config.dry_run:
        mine = len(wanted[config.part :: config.parts])
        told = cost.Forecast(bench.device, (cost.cells_part(trial, ready, mine),))
        logger.info("cost    %s", told.words())


def _scenes_of(config: DictConfig, cell: Cell) -> Any:
    return OmegaConf.to_container(grid_axes.held(config, cell).scenes, resolve=True)


def _announce(
    config: DictConfig, axes: dict[str, list[float]], pair: tuple[str, str] | None, count: int, out: Path
) -> None:
    left_out = [] if config.only else [name for name in config.axes if config.axes[name] and name not in axes]
    for name, values in axes.items():
        logger.info("axis    %s: %s", name, ", ".join(f"{v:g}" for v in values))
    for name in left_out:
        logger.info("left    %s", grid_axes.why_not(name, choices()["scenes"]))
    logger.info("map     %s", " × ".join(pair) if pair else "none")
    share = f", part {config.part} of {config.parts}" if config.parts > 1 else ""
    logger.info("run     %s: %d cells%s (after a stop go on with resume=true)", out, count, share)


def _kept(file: Path) -> dict[str, Any] | None:
    """A cell that is done; one whose file is damaged is judged again."""
    if not file.exists():
        return None
    try:
        content = read_object(file)
    except BadInput as error:
        logger.warning("%s The cell is judged again.", error)
        return None
    return content if content.keys() >= {"at", "rows", "protocol"} else None


def _fill(config: DictConfig, bench: Bench, files: dict[Cell, Path], first: str) -> None:
    """Judge the cells that are not there yet; those along the ``first`` axis get a picture."""
    done = {cell for cell, file in files.items() if _kept(file) is not None}
    bar: Any = tqdm(total=len(files), initial=len(done), desc="cells", unit="cell", file=sys.stderr,
                    disable=not config.progress, dynamic_ncols=True)  # fmt: skip
    sources: dict[str, Source] = {}
    with bar:
        for cell, file in files.items():
            if cell in done:
                continue
            here = grid_axes.held(config, cell)
            key = digest([OmegaConf.to_container(here.scenes, resolve=True)])
            if key not in sources:
                sources = {key: _judged_on(here, bench)}  # one at a time: photos are kept in memory
            rows, protocol = _judged(here, bench, sources[key], cell, _pictured(cell, first, file))
            content = {"at": dict(cell), "rows": plain(rows), "protocol": plain(protocol)}
            write_text(file, json.dumps(content, allow_nan=False))
            bar.update()


def _parts(config: DictConfig, bench: Bench) -> scenes.Parts:
    return scenes.two_parts(
        bench.registry, choices()["scenes"], config.scenes, config.judge, config.seed, bench.victims[0], bench.device
    )


def _judged_on(config: DictConfig, bench: Bench) -> Source:
    chosen, pair = choices()["scenes"], _parts(config, bench)
    found = judge.surveyed(pair.judge_on, bench.known.patch, config)
    return Source(pair.judge_on, related(pair, chosen, (bench.known, *bench.others)), found)


def _pictured(cell: Cell, first: str, file: Path) -> Path | None:
    """Where the picture of a cell of the first axis is kept; ``None`` for the others."""
    return file.parents[1] / "shown" / file.stem if [name for name, _ in cell] == [first] else None


def _judged(
    config: DictConfig, bench: Bench, source: Source, cell: Cell, pictured: Path | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One cell: the scores of every victim under every arm, and how they were made; its picture on the way."""
    trial = judge.trial_of(_case(bench, source), config, bench.out)
    shown = arms(trial.patch, trial.seed, trial.others)
    rows = []
    for number, group in enumerate(groups(trial)):
        kept = keeping(trial, group, bench.out, measure=False, resumable=False)
        seen = observe(group.showing, shown, group.watched, lambda done, total: None, kept)
        if pictured and not number:
            save_picture(pictured, "; ".join(grid_axes.told(*pair) for pair in cell), trial, group, shown, seen)
        for one in judge_group(trial, group, seen, ground_truth(seen), list(shown)).values():
            for arm, measured in one.measured.items():
                scores = [s for s in measured.summary.scores if s.name in KEPT]
                rows.append(
                    {
                        "victim": one.watched.victim.name,
                        "condition": arm,
                        "role": role(arm),
                        "scores": scores,
                    }
                )
    return rows, protocol_text.protocol(trial, seen, group.showing)


def _case(bench: Bench, source: Source, started: float = 0.0) -> Case:
    return Case(
        bench.known.patch, source.judge_on, source.relations, source.found, bench.victims, bench.goal, bench.device,
        known=bench.known, others=bench.others, started=started,
    )  # fmt: skip


def _name(config: DictConfig, bench: Bench, cell: Cell) -> str:
    """A file name that tells the cell, and changes with everything that its numbers depend on."""
    here = grid_axes.held(config, cell)
    facts = [
        choices(), [OmegaConf.to_container(here[key], resolve=True) for key in _DECISIVE], config.seed,
        [(v.name, v.digest) for v in bench.victims], [exact_digest(c.patch) for c in (bench.known, *bench.others)],
    ]  # fmt: skip
    return "-".join(f"{AXES[name].name}={value:g}" for name, value in cell) + "-" + digest(facts)[:12]


_DECISIVE = ("scenes", "eot", "ink", "goal", "judge", "protocol", "victim", "victims")


def _mean_ap50(found: dict[Cell, Any]) -> float:
    values = [
        score["value"] for cell in found.values() for row in cell["rows"] for score in row["scores"]
        if row["condition"] == "patch" and score["name"] == "AP50" and score["value"] is not None
    ]  # fmt: skip
    return float(sum(values) / len(values)) if values else float("nan")
