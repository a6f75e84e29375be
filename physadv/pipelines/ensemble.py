"""The victims that a patch is optimised on, put together from the configuration."""

from __future__ import annotations

from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from physadv.errors import BadOption
from physadv.objective import Member, Objective
from physadv.pipelines import assemble
from physadv.pipelines.folder import choices
from physadv.protocols import Attack
from physadv.registry import Registry


def objective(config: DictConfig, registry: Registry, attack: Attack, device: torch.device) -> Objective:
    """The goal on every victim of ``victims=``, or on the one of ``victim=`` where that list is empty."""
    chosen = choices()
    goal = assemble.part(registry, "goal", chosen["goal"], config.goal, config.seed)
    listed: Any = OmegaConf.to_container(config.victims)
    items, weights = [item for item, _ in map(_weighed, listed)], [weight for _, weight in map(_weighed, listed)]
    victims = assemble.victims(registry, items, config.seed)
    if not victims:
        victims = [assemble.part(registry, "victim", chosen["victim"], config.victim, config.seed)]
    members = tuple(
        Member(here, assemble.check_fit(attack, here, goal), weight)
        for here, weight in zip((v.to(device) for v in victims), weights or [1.0], strict=True)
    )
    return Objective(members, config.ensemble)


def _weighed(item: Any) -> tuple[Any, float]:
    """An item of ``victims`` without its ``weight``, and the weight."""
    if not isinstance(item, dict) or "weight" not in item:
        return item, 1.0
    weight = item["weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise BadOption(f"weight of {item.get('part', item)!r} in victims must be a positive number, got {weight!r}")
    return {key: value for key, value in item.items() if key != "weight"}, float(weight)
