"""``physadv study masking``: audit victims, each behind each defence, and write the page."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly import parts, scenes
from physadv.app.assembly.defenses import undefended, victims_of
from physadv.app.assembly.victims import bound_to, check_pictures
from physadv.app.config.choices import choices
from physadv.app.config.study_options import StudyMaskingConfig
from physadv.app.registry import Registry
from physadv.core.defended import defended_in
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.engines.studies.cost import masking_forecast
from physadv.engines.studies.masking import PARTS, MaskingTask, audit
from physadv.engines.studies.options import check_masking
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.library.report.pages.masking import FILE, MaskingPage
from physadv.library.runs import record
from physadv.library.runs.options import read_object_if_there
from physadv.library.runs.record import RunRecord

logger = logging.getLogger(__name__)

FORMAT = 1


def study_masking(config: DictConfig, registry: Registry, out: Path) -> float:
    """Audit every victim behind every defence; returns how many checks failed. Finished audits are not made again."""
    started = time.monotonic()
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, StudyMaskingConfig)
    check_masking(options.audit)
    device, tasks = parts.device_of(options.device), list[MaskingTask]()
    victims = victims_of(registry, options, choices(), device)
    goal: Goal = parts.part(registry, "goal", choices()["goal"], options.goal, options.seed)
    source = _scenes(registry, options, victims, device)
    for victim in victims:
        bare = undefended(victim) if defended_in(victim) else None
        tasks.append(MaskingTask(victim, bound_to(victim, goal), source, options.audit, device, options.seed, bare))
    if options.dry_run:
        logger.info("cost    %s", masking_forecast(tasks).words())
        logger.info("dry run: all parts fit")
        return 0.0
    audits = _audited(tasks, out, visible=options.progress)
    MaskingPage(options.name, options.seed, plain(options.audit)).write(audits, out)
    _write_record(victims, config, options, out, time.monotonic() - started)
    _tell(audits, out)
    return float(sum(len(one["flagged"]) for one in audits))


def _scenes(
    registry: Registry, options: StudyMaskingConfig, victims: Sequence[Victim], device: torch.device
) -> SceneSource:
    source = parts.part(registry, "scenes", choices()["scenes"], options.scenes, options.seed)
    filled_in = scenes.filled(source, undefended(victims[0]), device)
    check_pictures(victims, filled_in)
    return filled_in


def _audited(tasks: Sequence[MaskingTask], out: Path, *, visible: bool) -> list[dict[str, Any]]:
    """The audits as they stand in the file, which is written after every one of them."""
    kept = {one["digest"]: one for one in read_object_if_there(out / FILE).get("audits", [])}
    audits: list[dict[str, Any]] = []
    bar: Any = tqdm(total=PARTS * len(tasks), unit="part", file=sys.stderr, disable=not visible, dynamic_ncols=True)

    def tell(part: str) -> None:
        bar.set_description(part, refresh=False)
        bar.update()

    with bar:
        for task in tasks:
            audits.append(kept.get(task.victim.digest) or _as_json(task, tell))
            content = json.dumps({"format": FORMAT, "audits": audits}, indent=1, allow_nan=False)
            write_text(out / FILE, content)
    return audits


def _as_json(task: MaskingTask, tell: Any) -> dict[str, Any]:
    made = audit(task, tell)
    rows = [{**plain(check), "bound": check.bound} for check in made.checks]
    whole: dict[str, Any] = {**plain(made), "checks": rows, "headline": made.headline}
    return {**whole, "flagged": [check.name for check in made.flagged]}


def _write_record(
    victims: Sequence[Victim], config: DictConfig, options: StudyMaskingConfig, out: Path, seconds: float
) -> None:
    settings: Any = OmegaConf.to_container(config, resolve=True)
    made = RunRecord(
        command="study masking", name=options.name, seed=options.seed, choices=choices(), config=settings,
        victims=[{"name": victim.name, "digest": victim.digest} for victim in victims], device=options.device,
        seconds=seconds, artefacts=sorted(path.name for path in out.iterdir() if path.is_file()),
    )  # fmt: skip
    record.write(out, made)


def _tell(audits: Sequence[dict[str, Any]], out: Path) -> None:
    for one in audits:
        for check in one["checks"]:
            figure = "–" if check["figure"] is None else f"{check['figure']:.3g}"
            logger.info("%-12s %-8s %8s  %s", check["name"], check["verdict"], figure, check["words"])
        logger.log(logging.WARNING if one["flagged"] else logging.INFO, "%s", one["headline"])
    logger.info("report  %s", out / "report.html")
