"""Films for victims that remember frames, while judging and while attacking, as the options ask for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import parts
from physadv.app.registry import Registry
from physadv.core.clip import ClipConfig, FilmClip, clip_of
from physadv.core.defended import lead_in, remembers
from physadv.core.problem.clips import on_clips
from physadv.core.problem.objective import Objective
from physadv.core.problem.patch_problem import Attack, PatchProblem
from physadv.core.protocols import Victim
from physadv.parts.transfer.options import CurriculumConfig, CutoutConfig, EraseConfig, TransferConfig

logger = logging.getLogger(__name__)

TAKEN_APART = ("mosaic", "cuts")
"""Options of attacks that make a step's pictures of parts of others."""


def clip_for(victims: Sequence[Victim], config: ClipConfig) -> FilmClip | None:
    """The films that all victims are shown alike; ``None`` where none of them remembers frames."""
    if not any(remembers(victim) for victim in victims):
        return None
    return clip_of(config, max(lead_in(victim) for victim in victims))


def without_stills(attack: Mapping[str, Any], transfer: TransferConfig) -> tuple[dict[str, Any], TransferConfig]:
    """Options of the attack and of hardening without what takes pictures apart, or draws for each alone."""
    kept = replace(transfer, cutout=CutoutConfig(), erase=EraseConfig(), curriculum=CurriculumConfig())
    return {**attack, **{name: type(attack[name])() for name in TAKEN_APART if name in attack}}, kept


def warn_of_stills(attack: Mapping[str, Any], transfer: TransferConfig) -> None:
    """Say what :func:`without_stills` leaves out."""
    on = {f"attack.{name}": bool(attack.get(name)) for name in TAKEN_APART}
    on["transfer"] = without_stills(attack, transfer)[1] != transfer
    if lost := " and ".join(name for name, is_on in on.items() if is_on):
        logger.warning("caution %s left out: a defense remembers frames, and films have no such thing", lost)


def fitting(
    registry: Registry, name: str, options: DictConfig, made: tuple[Attack, TransferConfig], objective: Objective,
    seed: int,
) -> tuple[Attack, TransferConfig]:  # fmt: skip
    """The attack and the hardening that were made; what is left of them where films are attacked."""
    if not any(remembers(victim) for victim in objective.victims):
        return made
    asked: Any = OmegaConf.to_object(options)
    warn_of_stills(asdict(asked), made[1])
    kept, transfer = without_stills(asdict(asked), made[1])
    attack: Attack = parts.named(registry, "attacks", name, kept, seed)
    return attack, transfer


def filmed(problem: PatchProblem, config: ClipConfig) -> PatchProblem:
    """The problem on films where a victim remembers frames."""
    return on_clips(problem, clip_of(config))
