"""The victims that a patch is optimised on, and what makes it carry over to others, from the configuration."""

from __future__ import annotations

import logging
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import parts
from physadv.app.config.choices import choices
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.problem.objective import Disturbance, Member, Objective
from physadv.core.problem.patch_problem import Attack
from physadv.core.protocols import Hardening, Victim
from physadv.parts.transfer.options import ShakeConfig, check, check_shake

logger = logging.getLogger(__name__)


def objective(config: DictConfig, registry: Registry, attack: Attack, device: torch.device) -> Objective:
    """The goal on every victim of ``victims=``, or on the one of ``victim=`` where that list is empty."""
    chosen = choices()
    goal = parts.part(registry, "goal", chosen["goal"], config.goal, config.seed)
    listed: Any = OmegaConf.to_container(config.victims, resolve=True)
    items, weights = [item for item, _ in map(_weighed, listed)], [weight for _, weight in map(_weighed, listed)]
    victims = parts.victims(registry, items, config.seed)
    if not victims:
        victims = [parts.victim(registry, chosen["victim"], config.victim, config.seed)]
    shake: Any = OmegaConf.to_object(config.transfer.shake)
    check_shake(shake)
    members = tuple(
        Member(here, parts.check_fit(attack, here, goal), weight, _shaken(here, shake))
        for here, weight in zip((v.to(device) for v in victims), weights or [1.0], strict=True)
    )
    return Objective(members, config.ensemble)


def hardening(config: DictConfig) -> Hardening | None:
    """What makes the conditions harder while optimising; ``None`` where all of it is off."""
    chosen: Any = OmegaConf.to_object(config.transfer)
    check(chosen.cutout, chosen.erase, chosen.curriculum)
    if not (chosen.cutout.probability or any(chosen.erase.share) or chosen.curriculum.sharpness):
        return None
    from physadv.parts.transfer.hardening import TransferHardening

    low, high = config.eot.jitter.yaw_deg
    return TransferHardening(chosen.cutout, chosen.erase, chosen.curriculum, (low, high))


def _shaken(victim: Victim, config: ShakeConfig) -> Disturbance | None:
    if not config.probability:
        return None
    from physadv.parts.transfer.shakedrop import Shake

    shake = Shake(victim, probability=config.probability, forward=config.forward, backward=config.backward)
    logger.info("shaking %d residual branches of %s", len(shake.branches), victim.name)
    return shake


def _weighed(item: Any) -> tuple[Any, float]:
    """An item of ``victims`` without its ``weight``, and the weight."""
    if not isinstance(item, dict) or "weight" not in item:
        return item, 1.0
    weight = item["weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise BadOption(f"weight of {item.get('part', item)!r} in victims must be a positive number, got {weight!r}")
    return {key: value for key, value in item.items() if key != "weight"}, float(weight)
