"""``physadv drive``: policies in closed loop, attacked in their pictures or in their world, beside controls."""

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
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly.driving import BuiltDrive, drive_of
from physadv.app.assembly.sheets import make_sheet_of_run
from physadv.app.config.choices import choices
from physadv.app.config.drive_options import DriveConfig, check_drive
from physadv.app.registry import Registry
from physadv.engines.driving.cost import drive_forecast
from physadv.engines.driving.drive_content import content_of
from physadv.engines.driving.filming import films_of
from physadv.engines.driving.run import DrivenArm, Tell, cells, driven
from physadv.engines.driving.workshop import Workshop
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import load_patch
from physadv.library.files.plain_json import plain
from physadv.library.report.drive_words import FILE, headline, said
from physadv.library.report.pages.drive import csv_rows, write_drive_report
from physadv.library.runs import record
from physadv.library.runs.progress import ProgressBar
from physadv.library.runs.record import RunRecord
from physadv.parts.printing.sheet import SheetOptions

logger = logging.getLogger(__name__)

FORMAT = 1


def drive(config: DictConfig, registry: Registry, out: Path) -> float | None:
    """Drive; returns the lowest mean return under an attack. Episodes that were driven are not driven again."""
    started = time.monotonic()
    options = cast(DriveConfig, OmegaConf.to_object(config))
    check_drive(options)
    built = drive_of(registry, options, config, choices())
    task, bar = built.task, ProgressBar(visible=options.progress)
    workshop = Workshop(task, out, [bar, *registry.observers()], built.device, built.quantised)
    _announce(built, options)
    if options.dry_run:
        logger.info("cost    %s", drive_forecast(task, workshop, quantised=built.quantised).words())
        logger.info("dry run: all parts fit")
        return None
    with _progress(built, workshop, visible=options.progress) as tell:
        arms = list(driven(task, workshop, tell))
    content = {**_heading(built, options), **plain(content_of(task, arms, workshop))}
    content["films"] = plain(films_of(arms, options.shown, out))
    write_text(out / FILE, json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False))
    write_text(out / "drive.csv", _csv(csv_rows(content)))
    _print_sheet(content, options, out)
    _write_record(built, config, options, content, out, time.monotonic() - started)
    logger.info("report  %s", write_drive_report(out))
    for line in (*said(content), headline(content)):
        logger.info("%s", line)
    returns = [row["scores"][0]["value"] for row in content["rows"] if row["role"] == "attack"]
    return min((one for one in returns if one is not None), default=None)


def _announce(built: BuiltDrive, options: DriveConfig) -> None:
    task = built.task
    for world in task.worlds:
        logger.info("world   %s, %s steps of %g s at most", world.name, world.max_steps, world.step_s)
    for driver in task.drivers:
        seen = ", ".join(one.threat + (f" from {one.name}" if one.name else "") for one in driver.attackers)
        logger.info("policy  %s on %s; attacks: %s", driver.policy.victim.name, built.device, seen)
    means = ", ".join(task.means) or "none"
    logger.info("means   %s; aim: %s; when: %s", means, task.aim.rule, task.timing.told)
    logger.info("judged  on %d episodes%s", len(task.seeds),
                "" if options.quantised else ", pictures not rounded to 8 bits")  # fmt: skip


@contextmanager
def _progress(built: BuiltDrive, workshop: Workshop, *, visible: bool) -> Iterator[Tell]:
    """A bar over all episodes of all arms, with what is left."""
    total = cells(built.task, workshop) * len(built.task.seeds)
    bar: Any = tqdm(total=total, unit="episode", file=sys.stderr, disable=not visible, dynamic_ncols=True)

    def tell(arm: DrivenArm, count: int) -> None:
        bar.set_description(arm.plan.key, refresh=False)
        bar.update(count)

    with bar:
        yield tell


def _heading(built: BuiltDrive, options: DriveConfig) -> dict[str, Any]:
    return {
        "format": FORMAT, "name": options.name, "seed": options.seed, "device": str(built.device),
        "quantised": built.quantised, "defense": built.defense, "aim": built.task.aim.rule,
        "episodes": len(built.task.seeds), "beta": options.beta, "attacked_steps": options.attacked_steps,
    }  # fmt: skip


def _csv(rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _print_sheet(content: dict[str, Any], options: DriveConfig, out: Path) -> None:
    """A PDF at true size of the first policy's print."""
    if content["prints"]:
        sheet = SheetOptions(paper=options.paper, title=options.name, seed=options.seed, tags="auto")
        make_sheet_of_run(load_patch(out / content["prints"][0]["folder"]), sheet, out)


def _write_record(
    built: BuiltDrive, config: DictConfig, options: DriveConfig, content: dict[str, Any], out: Path, seconds: float
) -> None:
    scores = [{"victim": row["policy"], "condition": row["key"], "role": row["role"], "scores": row["scores"]}
              for row in content["rows"]]  # fmt: skip
    made = RunRecord(
        command="drive", name=options.name, seed=options.seed, choices=choices(),
        config=OmegaConf.to_container(config, resolve=True, enum_to_str=True),  # type: ignore[arg-type]
        victims=[{"name": one["name"], "digest": one["digest"]} for one in content["policies"]],
        data={"world": content["worlds"][0]["name"], "episodes": content["episodes"]}, device=options.device,
        seconds=seconds, scores=scores, artefacts=sorted(path.name for path in out.iterdir() if path.is_file()),
    )  # fmt: skip
    record.write(out, made)
