"""Objects that wear the patch, each alone in its picture, so that one object's draws can be looked at."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import SceneBatch

_OF_IMAGE = ("srgb", "sizes_px", "blur_px", "noise", "visible")  # fields with a row an image, others an object
_BATCH = 8


@dataclass(frozen=True)
class SingleWearer:
    """One object that wears the patch, alone in its scene."""

    scene: SceneBatch  # one image; only this object wears
    row: int  # of the object in the scene

    @property
    def distance_m(self) -> float | None:
        """From the camera, where the scene knows it."""
        return None if self.scene.distance_m is None else float(self.scene.distance_m[self.row])

    @property
    def size_px(self) -> tuple[float, float]:
        """Width and height of its box."""
        left, top, right, bottom = self.scene.boxes_xyxy_px[self.row].tolist()
        return right - left, bottom - top


def single_wearers(source: SceneSource, count: int, device: torch.device) -> list[SingleWearer]:
    """One wearer from each of the first images that have one, at least ``count`` where there are so many.

    Raises :class:`BadInput` where nothing wears the patch.
    """
    wearers: list[SingleWearer] = []
    for batch in source.sweep(_BATCH):
        for image in range(len(batch.keys)):
            rows = (batch.wears & (batch.image_of == image)).nonzero().flatten()
            if len(rows):
                wearers.append(_alone(batch, image, int(rows[0]), device))
        if len(wearers) >= count:
            break
    if not wearers:
        raise BadInput("no object in these scenes wears the patch. Choose another label, or other images")
    return wearers


def nearest_to(wearers: Sequence[SingleWearer], distances_m: Sequence[float]) -> list[SingleWearer]:
    """Those nearest to these distances; where none is known, those at quantiles of size, large to small."""
    known = [(math.log(wearer.distance_m), wearer) for wearer in wearers if wearer.distance_m is not None]
    if known:
        return [min(known, key=lambda pair: abs(pair[0] - math.log(distance)))[1] for distance in distances_m]
    by_height = sorted(wearers, key=lambda wearer: -wearer.size_px[1])
    count = len(distances_m)
    return [by_height[round((k + 0.5) / count * (len(by_height) - 1))] for k in range(count)]


def _alone(batch: SceneBatch, image: int, row: int, device: torch.device) -> SingleWearer:
    """The scene of one image, where only one object wears the patch."""
    kept = (batch.image_of == image).nonzero().flatten()
    height, width = batch.sizes_px[image].tolist()
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            changed[field.name] = value[image : image + 1] if field.name in _OF_IMAGE else value[kept]
    changed["image_of"] = torch.zeros_like(kept)
    changed["wears"] = kept == row
    for name in ("srgb", "visible"):
        if changed.get(name) is not None:
            changed[name] = changed[name][..., :height, :width].contiguous()
    scene = dataclasses.replace(batch, keys=(batch.keys[image],), **changed).to(device)
    return SingleWearer(scene, int((kept == row).nonzero()))
