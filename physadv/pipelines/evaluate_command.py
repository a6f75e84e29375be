"""Judge a patch from disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from physadv.errors import BadOption
from physadv.patch_files import load_patch, save_patch
from physadv.pipelines import assemble, judging, scenes
from physadv.pipelines.folder import choices
from physadv.registry import Registry

logger = logging.getLogger(__name__)


def evaluate_command(config: DictConfig, registry: Registry, out: Path) -> float:
    """Load the patch, build scenes and victims, judge. Returns AP50 with the patch on the first victim."""
    started = time.monotonic()
    if not config.patch:
        raise BadOption("which patch? Say patch=RUN_FOLDER, or patch=picture.png width_mm=300")
    patch = load_patch(config.patch, config.width_mm or None)
    device, chosen = assemble.device_of(config.device), choices()
    listed = OmegaConf.to_container(config.victims)
    assert isinstance(listed, list)
    victims = assemble.victims(registry, listed, config.seed)
    if not victims:
        victims = [assemble.part(registry, "victim", chosen["victim"], config.victim, config.seed)]
    victims = [victim.to(device) for victim in victims]
    goal = assemble.part(registry, "goal", chosen["goal"], config.goal, config.seed)
    _, judge_on, relation = scenes.two_parts(
        registry, chosen["scenes"], config.scenes, config.judge, config.seed, victims[0], device
    )
    logger.info("judging %s on %s", config.patch, ", ".join(victim.name for victim in victims))
    if config.dry_run:
        return 1.0
    case = judging.Case(patch, judge_on, relation, victims, goal, device, started=started)
    save_patch(patch, out)
    return judging.judge("evaluate", case, config, out)
