"""The victims that a patch is optimised on, and what makes it carry over to others, as the options say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from physadv.app.assembly import parts
from physadv.app.assembly.defenses import victims_of
from physadv.app.assembly.victims import check_fit
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.problem.adaptive import adaptive
from physadv.core.problem.ensemble import Ensemble
from physadv.core.problem.objective import Disturbance, Member, Objective
from physadv.core.problem.patch_problem import Attack
from physadv.core.protocols import Goal, Hardening, Victim
from physadv.parts.transfer.options import ShakeConfig, TransferConfig, check, check_shake

logger = logging.getLogger(__name__)


def objective(
    registry: Registry,
    options: JudgingOptions,
    attack: Attack,
    device: torch.device,
    *,
    ensemble: Ensemble,
    shake: ShakeConfig,
    evasion: float,
) -> Objective:
    """The goal on every victim of ``victims=``, or on the one of ``victim=`` where that list is empty.

    Each victim is there behind every defence, whose ``evasion`` weighs so much against the goal.
    """
    goal = parts.part(registry, "goal", options.choices["goal"], options.goal, options.seed)
    rows = [_weighed(item) for item in options.victims]
    named = replace(options, victims=[item for item, _ in rows])
    victims = victims_of(registry, named, options.choices, device, film=True)
    weights = [weight for _, weight in rows] or [1.0]
    each = [weight for weight in weights for _ in range(len(victims) // len(weights))]
    members = tuple(
        replace(member_of(here, attack, goal, shake, evasion), weight=weight)
        for here, weight in zip(victims, each, strict=True)
    )
    return Objective(members, ensemble)


def member_of(victim: Victim, attack: Attack, goal: Goal, shake: ShakeConfig, evasion: float) -> Member:
    """The victim as the attack sees it: one that follows gradients knows the defence, a black box one does not."""
    check_shake(shake)
    member = Member(victim, check_fit(attack, victim, goal), disturbed=_shaken(victim, shake))
    return adaptive(member, evasion) if attack.needs_gradient else member


def hardening(options: TransferConfig, yaw_deg: Sequence[float]) -> Hardening | None:
    """Make the hardening of the conditions while optimising; ``None`` where all of it is off."""
    check(options.cutout, options.erase, options.curriculum)
    if not (options.cutout.probability or any(options.erase.share) or options.curriculum.sharpness):
        return None
    from physadv.parts.transfer.hardening import TransferHardening

    low, high = yaw_deg
    return TransferHardening(options.cutout, options.erase, options.curriculum, (low, high))


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
