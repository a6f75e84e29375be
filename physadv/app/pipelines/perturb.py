"""``physadv perturb``: attack pictures, judge beside noise of the same size, and write table, pictures and page."""

from __future__ import annotations

import csv
import io
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly.perturbing import task_of
from physadv.app.config.choices import choices
from physadv.app.config.perturb_options import PerturbConfig, check_perturb
from physadv.app.registry import Registry
from physadv.core.protocols import Observer
from physadv.core.types import Step
from physadv.engines.perturbing.attempt import AttackArm
from physadv.engines.perturbing.cost import perturb_forecast
from physadv.engines.perturbing.kept import KeptOutcomes
from physadv.engines.perturbing.run import PerturbTask, outcomes
from physadv.engines.perturbing.shown import pictures_of
from physadv.engines.perturbing.table import PerturbTable
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.library.report.pages.perturb import csv_rows, write_perturb_report
from physadv.library.report.perturb_words import FILE, headline, said
from physadv.library.runs import record
from physadv.library.runs.record import RunRecord

logger = logging.getLogger(__name__)

FORMAT = 1


def perturb(config: DictConfig, registry: Registry, out: Path) -> float | None:
    """Attack; returns the largest success. Finished batches are not attacked again."""
    started = time.monotonic()
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, PerturbConfig)
    check_perturb(options)
    task = task_of(registry, options, choices())
    _announce(task, options)
    if options.dry_run:
        logger.info("cost    %s", perturb_forecast(task).words())
        logger.info("dry run: all parts fit")
        return None
    table, kept = PerturbTable(task), KeptOutcomes(out)
    with _progress(task, visible=options.progress) as (tell, follower):
        for looked, made in outcomes(task, kept, [follower, *registry.observers()], tell):
            table.add(looked, made)
    content = {**_heading(task, options), **plain(table.content())}
    content["shown"] = pictures_of(content, kept, options.shown, out)
    write_text(out / FILE, json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False))
    write_text(out / "perturb.csv", _csv(content))
    _write_record(task, config, options, content, out, time.monotonic() - started)
    logger.info("report  %s", write_perturb_report(out))
    for line in (*said(content), headline(content)):
        logger.info("%s", line)
    return max(arm["scores"][0]["value"] or 0.0 for arm in content["arms"])


def _announce(task: PerturbTask, options: PerturbConfig) -> None:
    victim = task.subject.victim
    logger.info("victim  %s (%s) on %s", victim.name, victim.task, task.device)
    logger.info("on      %d pictures of scenes=%s", len(task.scenes), choices()["scenes"])
    for arm in task.arms:
        size = "as small a change as succeeds" if arm.eps is None else f"at most {arm.told}"
        on = f" through {arm.surrogate.victim.name}" if arm.surrogate else ""
        budget = f", {allowed} questions a picture" if (allowed := task.budget_of(arm)) else ""
        logger.info("attack  %s in %s, %s; threat: %s%s%s", arm.name, arm.norm, size, arm.threat, on, budget)
    if options.targets:
        logger.info("targets %s", options.targets)


class _Follower:
    """Shows the steps of the attack that is at work."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def started(self, total: int, first: int) -> None: ...

    def stepped(self, step: Step) -> None:
        self._bar.set_postfix(step=f"{step.index + 1}/{step.total}", success=f"{step.success:.0%}", refresh=False)
        self._bar.update(0)

    def ended(self) -> None: ...


@contextmanager
def _progress(task: PerturbTask, *, visible: bool) -> Iterator[tuple[Any, Observer]]:
    """A bar over all pictures of all attacks."""
    total = len(task.scenes) * len(task.arms)
    bar: Any = tqdm(total=total, unit="picture", file=sys.stderr, disable=not visible, dynamic_ncols=True)

    def tell(arm: AttackArm, count: int) -> None:
        bar.set_description(arm.name, refresh=False)
        bar.update(count)

    with bar:
        yield tell, _Follower(bar)


def _heading(task: PerturbTask, options: PerturbConfig) -> dict[str, Any]:
    victim = task.subject.victim
    return {
        "format": FORMAT, "name": options.name, "seed": options.seed, "device": str(task.device),
        "victim": {"name": victim.name, "digest": victim.digest, "task": str(victim.task)},
        "goal": choices()["goal"] if task.subject.goal is not None else None, "scenes": choices()["scenes"],
        "defense": choices()["defense"], "targets": options.targets, "restarts": options.restarts,
        "budget": task.budget,
    }  # fmt: skip


def _csv(content: dict[str, Any]) -> str:
    stream = io.StringIO()
    rows = csv_rows(content)
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _write_record(
    task: PerturbTask, config: DictConfig, options: PerturbConfig, content: dict[str, Any], out: Path, seconds: float
) -> None:
    victim, settings = task.subject.victim, OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    scores = [{"victim": victim.name, "condition": arm["key"], "role": "attack", "scores": arm["scores"]}
              for arm in content["arms"]]  # fmt: skip
    made = RunRecord(
        command="perturb", name=options.name, seed=options.seed, choices=choices(), config=settings,  # type: ignore[arg-type]
        victims=[{"name": victim.name, "digest": victim.digest}], device=options.device, seconds=seconds,
        data={"scenes": choices()["scenes"], "pictures": len(content["pictures"])}, scores=scores,
        artefacts=sorted(path.name for path in out.iterdir() if path.is_file()),
    )  # fmt: skip
    record.write(out, made)
