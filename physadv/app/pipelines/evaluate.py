"""Judge a patch from disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.app.pipelines import assemble, cost, judge, scenes
from physadv.app.pipelines.folder import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.protocols import Victim
from physadv.engines.judging.readiness import check_trial
from physadv.library.files.patches import load_patch, save_patch
from physadv.library.runs import record, relation
from physadv.library.runs.relation import Origin, Relation
from physadv.parts.patches.controls import PATCH, Contender, names_of

logger = logging.getLogger(__name__)


def evaluate_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Load the patch, build scenes and victims, judge. Returns AP50 with the patch on the first victim."""
    started = time.monotonic()
    if not config.patch:
        raise BadOption("which patch? Say patch=RUN_FOLDER, or patch=picture.png width_mm=300")
    device, chosen = assemble.device_of(config.device), choices()
    known, others = contenders(config.patch, list(config.against), config.width_mm or None)
    victims = victims_of(config, registry, device)
    goal = assemble.part(registry, "goal", chosen["goal"], config.goal, config.seed)
    parts = scenes.two_parts(registry, chosen["scenes"], config.scenes, config.judge, config.seed, victims[0], device)
    assemble.check_pictures(victims, parts.judge_on)
    relations = related(parts, chosen["scenes"], (known, *others))
    found = judge.surveyed(parts.judge_on, known.patch, config)
    case = judge.Case(
        known.patch, parts.judge_on, relations, found, victims, goal, device, known=known, others=others,
        started=started,
    )  # fmt: skip
    _announce(config, case)
    trial = judge.trial_of(case, config, out)
    ready = check_trial(trial)
    if config.dry_run:
        forecast = cost.Forecast(device, (cost.judging_part(trial, ready),))
        logger.info("cost    %s", forecast.words())
        logger.info("dry run: all parts fit")
        return 1.0
    save_patch(known.patch, out)
    return judge.judge("evaluate", case, config, out)


def related(parts: scenes.Parts, choice: str, patches: Sequence[Contender]) -> dict[str, Relation]:
    """How what is judged on relates to what each patch was optimised on."""
    return {one.condition: relation.relate(parts.judge_on, choice, parts.judged_apart, one.origin) for one in patches}


def _announce(config: DictConfig, case: judge.Case) -> None:
    """Say what is judged on what before spending any time."""
    logger.info("patch   %s, %.0f × %.0f mm", config.patch, case.patch.width_mm, case.patch.height_mm)
    logger.info("victims %s", ", ".join(victim.name for victim in case.victims))
    logger.info("judge   %s", case.relations[PATCH].words)
    logger.info("on      %s", case.found.words(judge.wearer_word(config)))
    judge.warn(case.found, case.relations, case.patch, config)
    judge.look_first(case.victims, case.scenes, case.device, choices()["goal"])


def victims_of(config: DictConfig, registry: Registry, device: torch.device) -> list[Victim]:
    """Those of ``victims=``, or the one of ``victim=``."""
    listed = OmegaConf.to_container(config.victims, resolve=True)
    assert isinstance(listed, list)
    made = assemble.victims(registry, listed, config.seed)
    if not made:
        made = [assemble.part(registry, "victim", choices()["victim"], config.victim, config.seed)]
    return [victim.to(device) for victim in made]


def contenders(patch: str, against: list[str], width_mm: float | None) -> tuple[Contender, tuple[Contender, ...]]:
    """The patch that is judged, and those it is compared with, with what their run folders tell about them."""
    first = _contender(PATCH, patch, width_mm)
    names = names_of([_stem(path) for path in against])
    return first, tuple(_contender(name, path, width_mm) for name, path in zip(names, against, strict=True))


def _contender(condition: str, path: str, width_mm: float | None) -> Contender:
    run = record.read(Path(path)) if Path(path).is_dir() else {}
    trained = [(v["name"], v["digest"]) for v in run.get("victims", [])] if run.get("command") == "generate" else None
    return Contender(
        condition, load_patch(path, width_mm), _stem(path), None if trained is None else tuple(trained),
        run.get("queries"), _origin(Path(path)),
    )  # fmt: skip


def _origin(path: Path) -> Origin | None:
    """From the run folder, also where a patch in it is named."""
    return Origin.read(path if path.is_dir() else path.parent)


def _stem(path: str) -> str:
    """A word for a patch: its folder's or file's name."""
    place = Path(path).resolve()
    return place.name if place.is_dir() else place.parent.name if place.stem == "patch" else place.stem
