"""``physadv study all``: the companion of the lecture, every study in its order on one page."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly.studying import as_chapter, cautions, check_device, made, named, tell_findings
from physadv.app.config.study_options import StudyAllConfig
from physadv.app.registry import Registry
from physadv.engines.studies.theories.table import STUDIES
from physadv.library.files.atomic import write_text
from physadv.library.report.pages.html import filled
from physadv.library.runs import record
from physadv.library.runs.forecast import duration
from physadv.library.runs.record import RunRecord

logger = logging.getLogger(__name__)


def study_all_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Make all studies, or those of ``only``. Finished ones are not made again; the page grows with each."""
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, StudyAllConfig)
    check_device(options)
    rows = [named(name) for name in dict.fromkeys(options.only)] or list(STUDIES.values())
    total = sum(row.seconds_at(options.effort.size) for row in rows)
    logger.info("cost    %d studies, about %s on one core", len(rows), duration(total))
    if options.dry_run:
        return
    begun = time.monotonic()
    chapters: list[dict[str, Any]] = []
    layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    with tqdm(total=total, file=sys.stderr, disable=not options.progress, dynamic_ncols=True, bar_format=layout) as bar:
        for row in rows:

            def tell(part: str, name: str = row.name) -> None:
                bar.set_description(f"{name}: {part}")

            told = made(row, options, out / row.name, tell)
            tell_findings(told)
            chapters.append(as_chapter(row, told, out / row.name))
            bar.update(row.seconds_at(options.effort.size))
            _write_page(options, chapters, out)
    settings: Any = OmegaConf.to_container(config, resolve=True)
    record.write(out, RunRecord(
        command="study all", name=options.name, seed=options.seed, config=settings, device="cpu",
        seconds=time.monotonic() - begun,
        artefacts=sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()),
    ))  # fmt: skip
    logger.info("report  %s", out / "report.html")


def _write_page(options: StudyAllConfig, chapters: list[dict[str, Any]], out: Path) -> None:
    content = {
        "title": "Why can nets be fooled? A companion to the lecture",
        "eyebrow": f"physadv study all · {options.data} · seed {options.seed}", "chapters": chapters,
        "cautions": cautions(options),
    }  # fmt: skip
    write_text(out / "report.html", filled("study.html.j2", content))
