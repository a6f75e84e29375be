"""The last part of every run: the soft proof, the judgement, the record and the report."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.assembly.trials import photo_digests
from physadv.app.config.judging_options import JudgingOptions
from physadv.core.types import PatchImage
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.soft_proof import write_proof
from physadv.engines.judging.trial import Trial
from physadv.library.files.patches import patch_digest
from physadv.library.files.plain_json import plain
from physadv.library.report.cautions import caution, voiding
from physadv.library.report.pages.run import write_report
from physadv.library.report.plain_words import headline
from physadv.library.runs import record
from physadv.library.runs.record import RunRecord
from physadv.parts.patches.controls import PATCH

logger = logging.getLogger(__name__)


def judge(
    command: str,
    trial: Trial,
    options: JudgingOptions,
    out: Path,
    *,
    started: float,
    asked: PatchImage | None = None,
    queries: int | None = None,
) -> dict[str, Any]:
    """Judge beside the controls, write record and report; returns what ``scores.json`` holds.

    ``asked`` is what was optimised, where the patch was brought into the printer's gamut, ``queries`` how many images
    the victims were asked about while optimising, ``started`` :func:`time.monotonic` at the start of the run.
    """
    if ink := parts.ink(options.ink):
        write_proof(trial.patch, asked, ink, out)
    scores: dict[str, Any] = plain(evaluate(trial, out, judging_bar(visible=options.progress)))
    write_record(command, trial, options, out, started=started, queries=queries, scores=headlines(scores))
    _tell(scores)
    logger.info("report  %s", write_report(out))
    return scores


def write_record(
    command: str,
    trial: Trial,
    options: JudgingOptions,
    out: Path,
    *,
    started: float,
    queries: int | None = None,
    scores: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write ``run.json``."""
    patch, chosen = trial.patch, options.choices
    made = RunRecord(
        command=command, name=options.name, seed=options.seed, choices=chosen, config=options.settings,
        victims=[{"name": v.name, "digest": v.digest} for v in trial.victims],
        data={"scenes": chosen["scenes"], "judged_images": len(trial.scenes), **photo_digests(options)},
        device=str(trial.device), seconds=time.monotonic() - started, queries=queries,
        patch_mm=[patch.width_mm, patch.height_mm], patch_digest=patch_digest(patch), scores=scores,
        artefacts=sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()),
    )  # fmt: skip
    record.write(out, made)


def _tell(scores: Mapping[str, Any]) -> None:
    """A line for each victim, and what spoils or weakens the figures."""
    protocol, victims = scores["protocol"], scores["victims"]
    for victim in victims:
        logger.info("%s", headline(protocol, victim))
    for text in (*voiding(protocol), *caution(protocol, victims)):
        logger.warning("caution %s", text)


def judging_bar(*, visible: bool) -> Callable[[int, int], None]:
    """A bar over the pictures of one judgement."""
    bar: Any = tqdm(desc="judging", unit="image", file=sys.stderr, disable=not visible, dynamic_ncols=True)

    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return progress


def headlines(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The scores that ``run.json`` repeats."""
    return [
        {"victim": victim["name"], "condition": arm["condition"], "scores": arm["scores"]}
        for victim in scores["victims"]
        for arm in victim["conditions"]
    ]


def first_ap50(scores: Mapping[str, Any]) -> float:
    """AP50 of the first victim with the patch: the number that a sweeper can minimise."""
    patched = next(c for c in scores["victims"][0]["conditions"] if c["condition"] == PATCH)
    return float(next(s["value"] for s in patched["scores"] if s["name"] == "AP50"))
