"""The last part of every run: the print sheet, the judgement, the record and the report."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.assembly.first_look import sees_none
from physadv.app.assembly.sheets import write_sheet_and_boards
from physadv.app.assembly.worn_by import worn_by
from physadv.app.config.choices import choices
from physadv.core.labels import canonical
from physadv.core.protocols import Goal, SceneSource, Victim
from physadv.core.types import PatchImage
from physadv.engines.judging.evaluate import evaluate
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.judging.shards import digest
from physadv.engines.judging.soft_proof import write_proof
from physadv.engines.judging.survey import Survey, expect_wearers, survey
from physadv.engines.judging.trial import Trial
from physadv.library.files.patches import patch_digest
from physadv.library.report.cautions import caution, voiding
from physadv.library.report.pages.run import write_report
from physadv.library.report.plain_words import headline
from physadv.library.runs import record
from physadv.library.runs.options import read_object_if_there
from physadv.library.runs.record import RunRecord
from physadv.library.runs.relation import Relation
from physadv.parts.patches.controls import PatchUnderTest
from physadv.parts.printing.sheet import SheetOptions

logger = logging.getLogger(__name__)


def make_sheet(patch: PatchImage, config: DictConfig, out: Path) -> None:
    """Write ``sheet.pdf`` at true size, with tags but without the controls, and ``board.json``."""
    report = write_sheet_and_boards(patch, out / "sheet.pdf", sheet_options(config), with_controls=False)
    logger.info("sheet   %s, %d page%s", report.path, report.pages, "" if report.pages == 1 else "s")
    if report.caution:
        logger.warning("caution %s", report.caution)


def try_sheet(patch: PatchImage, config: DictConfig) -> None:
    """Write a sheet and throw it away."""
    with TemporaryDirectory(prefix="physadv-") as folder:
        write_sheet_and_boards(patch, Path(folder) / "sheet.pdf", sheet_options(config), with_controls=False)


def sheet_options(config: DictConfig) -> SheetOptions:
    """How the options of a run print its patch."""
    worn = worn_by({str(key): config.scenes[key] for key in config.scenes})
    return SheetOptions(paper=config.paper, title=config.name, seed=config.seed, tags="auto", worn_by=worn)


@dataclass(frozen=True)
class Case:
    """What is judged, and what is known about it."""

    patch: PatchImage
    scenes: SceneSource
    relations: Mapping[str, Relation]  # arm of each patch → how the scenes relate to what it was optimised on
    found: Survey  # what there is to judge on
    victims: list[Victim]
    goal: Goal
    device: torch.device
    known: PatchUnderTest | None = None  # what is known about the patch
    others: tuple[PatchUnderTest, ...] = ()  # further patches
    asked: PatchImage | None = None  # what was optimised, where the patch was brought into the printer's gamut
    queries: int | None = None  # images the victim was asked about while optimising
    started: float = 0.0  # time.monotonic() at the start of the run


def judge(command: str, case: Case, config: DictConfig, out: Path) -> float:
    """Judge beside the controls, write record and report; returns the first victim's AP50 with the patch."""
    if ink := parts.ink(config.ink):
        write_proof(case.patch, case.asked, ink, out)
    trial = trial_of(case, config, out)
    evaluate(trial, out, _bar(visible=config.progress))
    scores = read_object_if_there(out / "scores.json")
    write_record(command, case, config, out, _headlines(scores))
    _tell(scores)
    logger.info("report  %s", write_report(out))
    return _ap50(scores)


def _tell(scores: dict[str, Any]) -> None:
    """A line for each victim, and what spoils or weakens the figures."""
    protocol, victims = scores["protocol"], scores["victims"]
    for victim in victims:
        logger.info("%s", headline(protocol, victim))
    for text in (*voiding(protocol), *caution(protocol, victims)):
        logger.warning("caution %s", text)


def surveyed(scenes: SceneSource, patch: PatchImage, config: DictConfig) -> Survey:
    """What there is to judge on; refused where nothing in it wears the patch."""
    protocol = cast(ProtocolConfig, OmegaConf.to_object(config.protocol))
    found = survey(scenes, (patch.width_mm, patch.height_mm), protocol, config.judge.images)
    if protocol.truth == "scenes":
        remedy = "Give more photos of it, name another set with judge.root=, "
        remedy += "or keep a larger part with judge.share=." if config.judge.share else "or lower min_height_px."
        expect_wearers(found, wearer_word(config), remedy)
    return found


def warn(found: Survey, relations: Mapping[str, Relation], patch: PatchImage, config: DictConfig) -> None:
    """What spoils a judgement and can be seen before it."""
    if doubt := found.doubt((patch.width_mm, patch.height_mm), wearer_word(config)):
        logger.warning("caution %s", doubt)
    for arm, one in relations.items():
        if one.seen:
            logger.warning("caution %s: %s", arm, one.words)


def look_first(victims: Sequence[Victim], scenes: SceneSource, device: torch.device, goal: str) -> None:
    """Say which victims see nothing that could be hidden from them, before hours are spent on it."""
    for victim in victims if goal != "conjure" else ():
        if unseen := sees_none(victim, scenes, device):
            logger.warning("caution %s", unseen)


def wearer_word(config: DictConfig) -> str:
    """A word for what wears the patch."""
    return canonical(_label(config)) or "object"


def _label(config: DictConfig) -> str:
    return str(config.scenes.get("label") or config.scenes.get("sign") or "")


def trial_of(case: Case, config: DictConfig, out: Path) -> Trial:
    """The judgement that the options ask for."""
    chosen, protocol = choices(), cast(ProtocolConfig, OmegaConf.to_object(config.protocol))
    ink = None if protocol.digital else parts.ink(config.ink)
    eot = parts.still(config.eot) if protocol.digital else config.eot
    world, beside = parts.judging_renderers(case.scenes, eot, ink, config.judge.quality)
    facts = [chosen, *(OmegaConf.to_container(config[key], resolve=True) for key in ("scenes", "eot", "ink", "goal"))]
    facts += [OmegaConf.to_container(config.judge, resolve=True), _digests(config)]
    return Trial(
        patch=case.patch, scenes=case.scenes, renderer=world, beside=beside,
        victims=case.victims, goal=case.goal, goal_name=chosen["goal"], seed=config.seed, device=case.device,
        batch=config.judge.batch, draws=config.judge.draws, images=config.judge.images,
        relations=case.relations, found=case.found,
        truth_from=case.victims[0].name if chosen["scenes"] == "folder" else "annotations",
        worn_by=_label(config),
        protocol=protocol, known=case.known, others=case.others, identities=_identities(case, config),
        fingerprint=digest(facts), cache=_cache(config.judge.cache, out),
    )  # fmt: skip


def _identities(case: Case, config: DictConfig) -> tuple[str, ...]:
    """A digest of every victim with its options: equal weights at another size are another victim."""
    listed: Any = OmegaConf.to_container(config.victims, resolve=True)
    asked = listed or [[choices()["victim"], OmegaConf.to_container(config.victim, resolve=True)]]
    if len(asked) != len(case.victims):
        return ()
    return tuple(digest([v.name, v.digest, options]) for v, options in zip(case.victims, asked, strict=True))


def _cache(wanted: str, out: Path) -> Path | None:
    return out.resolve().parent / ".clean-detections" if wanted == "auto" else Path(wanted) if wanted else None


def _bar(*, visible: bool) -> Callable[[int, int], None]:
    bar: Any = tqdm(desc="judging", unit="image", file=sys.stderr, disable=not visible, dynamic_ncols=True)

    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return progress


def write_record(command: str, case: Case, config: DictConfig, out: Path, scores: list[dict[str, Any]]) -> None:
    """Write ``run.json``."""
    container: Any = OmegaConf.to_container(config, resolve=True)
    made = RunRecord(
        command=command, name=config.name, seed=config.seed, choices=choices(), config=container,
        victims=[{"name": v.name, "digest": v.digest} for v in case.victims],
        data={"scenes": choices()["scenes"], "judged_images": len(case.scenes), **_digests(config)},
        device=str(case.device), seconds=time.monotonic() - case.started, queries=case.queries,
        patch_mm=[case.patch.width_mm, case.patch.height_mm], patch_digest=patch_digest(case.patch), scores=scores,
        artefacts=sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()),
    )  # fmt: skip
    record.write(out, made)


def _headlines(scores: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"victim": victim["name"], "condition": arm["condition"], "scores": arm["scores"]}
        for victim in scores["victims"]
        for arm in victim["conditions"]
    ]


def _digests(config: DictConfig) -> dict[str, str]:
    """A hash over the files of every photo folder that the run used."""
    roots = {"optimised_on": config.scenes.get("root"), "judged_on": config.judge.root}
    return {f"{use}_sha256": _digest_of(root) for use, root in roots.items() if root}


@lru_cache
def _digest_of(root: str) -> str:
    """Reads every photo, so once a process: the cells of a grid ask again and again."""
    return record.digest(path for path in Path(root).rglob("*") if path.is_file())


def _ap50(scores: dict[str, Any]) -> float:
    patched = next(c for c in scores["victims"][0]["conditions"] if c["condition"] == "patch")
    return float(next(s["value"] for s in patched["scores"] if s["name"] == "AP50"))
