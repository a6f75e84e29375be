"""Scenes made ready for a run: objects filled in where only a detector can say, and photos kept back for judging."""

from __future__ import annotations

import dataclasses
import logging
import sys
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from physadv.app.assembly import parts
from physadv.app.config.schema import JudgeConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.protocols import Victim
from physadv.core.scene_protocols import NeedsObjects, Photographs, SceneSource
from physadv.core.seeding import generator
from physadv.engines.judging.shards import digest
from physadv.library.runs.relation import without_seen

logger = logging.getLogger(__name__)

QUIET_S = 5.0  # of work that need no bar

_OF_ROOT = ("annotations", "images")  # options that say where a part of scenes.root lies: another root has its own


@dataclass(frozen=True)
class Parts:
    """Scenes to optimise on, and scenes to judge on."""

    optimise_on: SceneSource
    judge_on: SceneSource
    judged_apart: str = ""  # a digest of everything that decides on a part that was kept for judging; "": none was


def filled(scenes: SceneSource, victim: Victim, device: torch.device) -> SceneSource:
    """Bare photos get their objects from the victim's own clean detections."""
    if not isinstance(scenes, NeedsObjects):
        return scenes
    logger.info("looking for objects in %d photos with %s", len(scenes), victim.name)

    @torch.no_grad()
    def detect(photo: Tensor) -> tuple[Tensor, Tensor]:
        found = victim.decide(victim.outputs(photo[None].to(device)))[0]
        bar.update()
        return found.boxes_xyxy_px.cpu(), found.labels.cpu()

    with tqdm(total=len(scenes), desc="looking", unit="photo", file=sys.stderr, leave=False, delay=QUIET_S) as bar:
        return scenes.with_objects(detect, victim.labels)


def two_parts(
    registry: Registry,
    choice: str,
    options: Any,
    judge: JudgeConfig,
    seed: int,
    victim: Victim,
    device: torch.device,
) -> Parts:
    """Scenes to optimise on, and scenes to judge on: another root, a part kept for it, or the same."""
    scenes = filled(parts.part(registry, "scenes", choice, options, seed), victim, device)
    if judge.root:
        other = parts.part(registry, "scenes", choice, _elsewhere(choice, options, judge.root), seed)
        return Parts(scenes, some_of(filled(other, victim, device), judge, seed))
    if not judge.share:
        return Parts(scenes, some_of(scenes, judge, seed))
    optimise_on, judge_on = scenes.split(judge.share, seed)
    apart = digest([choice, dataclasses.asdict(options), judge.share, seed])
    return Parts(optimise_on, some_of(without_seen(judge_on, optimise_on), judge, seed), apart)


def _elsewhere(choice: str, options: Any, root: str) -> Any:
    """The options of scenes, with another root in its usual layout."""
    names = {f.name for f in dataclasses.fields(options)}
    if "root" not in names:
        raise BadOption(f"judge.root does not apply to scenes={choice}: it has no folder. Leave it out")
    return dataclasses.replace(options, root=root, **{name: "" for name in _OF_ROOT if name in names})


def some_of(scenes: SceneSource, judge: JudgeConfig, seed: int) -> SceneSource:
    """At most ``judge.images`` pictures at random, those in which something wears the patch before others."""
    count = judge.images
    if not isinstance(scenes, Photographs):
        return scenes.split(count / len(scenes), seed)[1] if count and len(scenes) > count else scenes
    worn = {one.key for one in scenes.wearers()}
    keys = [key for key in scenes.keys if key in worn or not judge.only_wearers]
    order = torch.randperm(len(keys), generator=generator(seed, "judge/images")).tolist()
    ranked = sorted((keys[place] for place in order), key=lambda key: key not in worn)
    return scenes.only(set(ranked[: count or None]))
