"""``physadv study NAME``: one claim of the lecture as an experiment, with figures, a table and a finding in words."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly.studying import as_chapter, cautions, check_device, made, named, tell_findings
from physadv.app.config.study_options import StudyConfig
from physadv.app.registry import Registry
from physadv.library.files.atomic import write_text
from physadv.library.report.pages.html import filled
from physadv.library.runs import record
from physadv.library.runs.forecast import duration
from physadv.library.runs.record import RunRecord

logger = logging.getLogger(__name__)


def study_command(config: DictConfig, registry: Registry, out: Path) -> None:
    """Make the study, or read it back where it is finished, and write its page."""
    options: Any = OmegaConf.to_object(config)
    assert isinstance(options, StudyConfig)
    check_device(options)
    row = named(options.study)
    if options.dry_run:
        logger.info("cost    about %s on one core", duration(row.seconds_at(options.effort.size)))
        return
    begun = time.monotonic()
    with tqdm(unit="part", file=sys.stderr, disable=not options.progress, dynamic_ncols=True) as bar:

        def tell(part: str) -> None:
            bar.set_description(part, refresh=False)
            bar.update()

        told = made(row, options, out, tell)
    content = {
        "title": row.title, "eyebrow": f"physadv study {row.name} · seed {options.seed}",
        "chapters": [as_chapter(row, told, out)], "cautions": cautions(options),
    }  # fmt: skip
    write_text(out / "report.html", filled("study.html.j2", content))
    settings: Any = OmegaConf.to_container(config, resolve=True)
    record.write(out, RunRecord(
        command=f"study {row.name}", name=options.name, seed=options.seed, config=settings, device="cpu",
        seconds=time.monotonic() - begun, artefacts=sorted(path.name for path in out.iterdir() if path.is_file()),
    ))  # fmt: skip
    tell_findings(told)
    logger.info("report  %s", out / "report.html")
