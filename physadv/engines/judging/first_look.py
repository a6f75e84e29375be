"""Warnings before a judgement: whatever spoils it and can be seen while nothing has been spent on it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import islice

import torch
from torchvision.ops import box_iou

from physadv.core.labels import canonical, index_of
from physadv.core.problem.clips import standing_still
from physadv.core.protocols import Victim
from physadv.core.scene_protocols import Photographs, SceneSource
from physadv.core.types import Detections, PatchImage, SceneBatch
from physadv.engines.judging.survey import Survey
from physadv.library.metrics.outcomes import IOU
from physadv.library.runs.relation import Relation

logger = logging.getLogger(__name__)

PICTURES = 8


def warn_of_scenes(found: Survey, relations: Mapping[str, Relation], patch: PatchImage, wearer: str) -> None:
    """Say where the patch is larger than the ``wearer``, and which patches were optimised on what is judged on."""
    if doubt := found.doubt((patch.width_mm, patch.height_mm), wearer):
        logger.warning("caution %s", doubt)
    for arm, one in relations.items():
        if one.seen:
            logger.warning("caution %s: %s", arm, one.words)


def warn_of_victims(victims: Sequence[Victim], scenes: SceneSource, device: torch.device, goal: str) -> None:
    """Say which victims see nothing that could be hidden from them, before hours are spent on it."""
    for victim in victims if goal != "conjure" else ():
        if unseen := sees_none(victim, scenes, device):
            logger.warning("caution %s", unseen)


@torch.no_grad()
def sees_none(victim: Victim, scenes: SceneSource, device: torch.device) -> str:
    """A sentence where the victim finds not one wearer in the first few pictures, without any patch; else nothing."""
    if isinstance(scenes, Photographs):
        wearing = list(dict.fromkeys(one.key for one in scenes.wearers()))
        scenes = scenes.only(wearing[:PICTURES])
    looked_at, label, asked = 0, "", standing_still(victim)
    for scene in islice(scenes.sweep(1), PICTURES):
        here = scene.to(device)
        (found,) = asked.decide(asked.outputs(here.srgb))
        for row in here.wears.nonzero().squeeze(1).tolist():
            if index_of(here.label_names[int(here.labels[row])], victim.labels) is None:
                continue  # that it does not know the label is said elsewhere, and is another matter
            if _is_found(found, here, row, victim):
                return ""
            looked_at, label = looked_at + 1, canonical(here.label_names[int(here.labels[row])])
    if not looked_at:
        return ""
    return (
        f"{victim.name} sees none of the first {looked_at} objects ({label}) without a patch: what it does not see "
        "cannot be hidden from it. Choose another victim, larger objects, or a lower victim.confidence"
    )


def _is_found(found: Detections, scene: SceneBatch, row: int, victim: Victim) -> bool:
    known = index_of(scene.label_names[int(scene.labels[row])], victim.labels)
    own = found.boxes_xyxy_px[found.labels == (-1 if known is None else known)]
    return bool((box_iou(own, scene.boxes_xyxy_px[row : row + 1]) >= IOU).any())
