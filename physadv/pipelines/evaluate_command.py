"""Judge a patch from disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.errors import BadOption
from physadv.patch_files import load_patch, save_patch
from physadv.pipelines import assemble, judging, scenes
from physadv.pipelines.conditions import PATCH, Contender, names_of
from physadv.pipelines.folder import choices
from physadv.protocols import Victim
from physadv.registry import Registry
from physadv.report import record

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
    _, judge_on, relation = scenes.two_parts(
        registry, chosen["scenes"], config.scenes, config.judge, config.seed, victims[0], device
    )
    assemble.check_pictures(victims, judge_on)
    logger.info("judging %s on %s", config.patch, ", ".join(victim.name for victim in victims))
    case = judging.Case(
        known.patch, judge_on, relation, victims, goal, device, known=known, others=others, started=started
    )
    if config.dry_run:
        judging.trial_of(case, config, out)
        return 1.0
    save_patch(known.patch, out)
    return judging.judge("evaluate", case, config, out)


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
        run.get("queries"),
    )  # fmt: skip


def _stem(path: str) -> str:
    """A word for a patch: its folder's or file's name."""
    place = Path(path).resolve()
    return place.name if place.is_dir() else place.parent.name if place.stem == "patch" else place.stem
