"""One study: made, or read back where it is finished, with its files in a folder of its own."""

from __future__ import annotations

import base64
import csv
import io
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from physadv.app.config.study_options import TheoriesConfig
from physadv.core.errors import BadInput, BadOption
from physadv.core.nearest import did_you_mean
from physadv.engines.studies.theories.options import SIZES, StudySize
from physadv.engines.studies.theories.pictures import sets_of
from physadv.engines.studies.theories.study import FINDINGS, Study, StudyFindings, StudyTask
from physadv.engines.studies.theories.table import STUDIES
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.plain_json import plain
from physadv.library.runs.options import read_object_if_there

logger = logging.getLogger(__name__)

FORMAT = 1
Told = dict[str, Any]
"""Findings as they stand in their file."""


def named(name: str) -> Study:
    """The row of a study. Raises :class:`BadOption` where there is none of that name."""
    if name not in STUDIES:
        raise BadOption(f"there is no study {name!r}{did_you_mean(name, STUDIES)}. Known: {', '.join(STUDIES)}")
    return STUDIES[name]


def made(row: Study, options: TheoriesConfig, folder: Path, tell: Callable[[str], object]) -> Told:
    """What the study found; it is not made again where it stands in the folder, from the same settings."""
    effort = row.effort(options.effort)
    settings = plain({"study": row.name, "data": str(options.data), "effort": effort, "seed": options.seed})
    kept = _kept(folder / FINDINGS)
    if kept.get("settings") == settings and all((folder / one["file"]).is_file() for one in kept["charts"]):
        return kept
    begun = time.monotonic()
    sets = sets_of(options.data, effort.train, effort.test, options.seed)
    task = StudyTask(effort, sets, options.seed, tell)
    findings = row.load()(task)
    return _written(row, findings, settings, folder, time.monotonic() - begun)


def _kept(file: Path) -> Told:
    """Findings of before; nothing where there are none or broken ones, as the study is then made again."""
    try:
        return read_object_if_there(file)
    except BadInput:
        return {}


def _written(row: Study, findings: StudyFindings, settings: Told, folder: Path, seconds: float) -> Told:
    charts = []
    for name, chart in findings.charts.items():
        write_bytes(folder / f"{name}.png", chart.drawn())
        charts.append({"name": name, "file": f"{name}.png", "says": chart.says})
    for name, content in findings.files.items():
        write_bytes(folder / name, content)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([findings.columns, *findings.rows])
    write_text(folder / "findings.csv", table.getvalue())
    told: Told = plain({
        "format": FORMAT, "settings": settings, "title": row.title, "claim": row.claim,
        "verdict": str(findings.verdict), "words": list(findings.words), "columns": list(findings.columns),
        "rows": [list(one) for one in findings.rows], "charts": charts, "caveats": list(findings.caveats),
        "seconds": seconds,
    })  # fmt: skip
    write_text(folder / FINDINGS, json.dumps(told, indent=1, allow_nan=False, ensure_ascii=False))
    return told


def as_chapter(row: Study, told: Told, folder: Path) -> Told:
    """Findings with their pictures and commands, as the page takes them."""
    pictures = [base64.b64encode((folder / one["file"]).read_bytes()).decode() for one in told["charts"]]
    charts = [{**chart, "picture": f"data:image/png;base64,{picture}"}
              for chart, picture in zip(told["charts"], pictures, strict=True)]  # fmt: skip
    return {**told, "name": row.name, "charts": charts, "commands": [f"physadv study {row.name}", *row.further]}


def tell_findings(told: Told) -> None:
    """The words, on the terminal."""
    logger.info("%-8s %s", told["verdict"], told["title"])
    for words in told["words"]:
        logger.info("         %s", words)


def check_device(options: TheoriesConfig) -> None:
    """Raise :class:`BadOption` for a device that studies would not use."""
    if options.device not in ("auto", "cpu"):
        raise BadOption(
            f"studies compute on the CPU, for their nets are small; got device={options.device}. Leave it out"
        )


def cautions(options: TheoriesConfig) -> list[str]:
    """What weakens everything on a page."""
    if options.effort.size is not StudySize.smoke:
        return []
    return [f"This is a quick look (size=smoke: {SIZES[StudySize.smoke].train} pictures, "
            f"{SIZES[StudySize.smoke].epochs} epochs). Its findings mean nothing."]  # fmt: skip
