"""Scenes made ready for a run: objects filled in where only a detector can say, and photos kept back for judging."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from physadv.errors import BadOption
from physadv.pipelines import assemble
from physadv.protocols import SceneSource, Victim
from physadv.registry import Registry

logger = logging.getLogger(__name__)


def filled(scenes: Any, victim: Victim, device: torch.device) -> SceneSource:
    """Bare photos get their objects from the victim's own clean detections."""
    if not hasattr(scenes, "with_objects"):
        made: SceneSource = scenes
        return made
    logger.info("looking for objects in %d photos with %s", len(scenes), victim.name)

    @torch.no_grad()
    def detect(photo: Tensor) -> tuple[Tensor, Tensor]:
        found = victim.decide(victim.outputs(photo[None].to(device)))[0]
        return found.boxes_xyxy_px.cpu(), found.labels.cpu()

    known: SceneSource = scenes.with_objects(detect, victim.labels)
    return known


def two_parts(
    registry: Registry,
    choice: str,
    node: DictConfig,
    judge: DictConfig,
    seed: int,
    victim: Victim,
    device: torch.device,
) -> tuple[SceneSource, SceneSource, str]:
    """Scenes to optimise on, scenes to judge on, and one sentence on how they relate."""
    scenes = filled(assemble.part(registry, "scenes", choice, node, seed), victim, device)
    if judge.root:
        options: Any = OmegaConf.to_object(node)
        if "root" not in {f.name for f in dataclasses.fields(options)}:
            raise BadOption(f"judge.root does not apply to scenes={choice}: it has no folder. Leave it out")
        other = assemble.part(registry, "scenes", choice, dataclasses.replace(options, root=judge.root), seed)
        judge_on = _some(filled(other, victim, device), judge.images, seed)
        return scenes, judge_on, f"judged on {judge.root}, which was not optimised on"
    if not judge.share:
        return scenes, _some(scenes, judge.images, seed), "judged on scenes that may have been optimised on"
    optimise_on, judge_on = scenes.split(judge.share, seed)
    return optimise_on, _some(judge_on, judge.images, seed), "judged on scenes that were not optimised on"


def _some(scenes: SceneSource, count: int, seed: int) -> SceneSource:
    """A random part of about ``count`` images, in which images with and without wearers keep their share."""
    if not count or len(scenes) <= count:
        return scenes
    return scenes.split(count / len(scenes), seed)[1]
