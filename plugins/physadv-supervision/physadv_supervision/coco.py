"""Pictures, objects and reports as COCO files, in the folders that FiftyOne expects.

OUT/clean/data/000000.png  OUT/clean/labels.json  OUT/clean/VICTIM.json     OUT/patch/... the same with the patch
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from physadv.api import BadInput, Detections, PatchImage, Renderer, SceneBatch, SceneSource, Victim, generator


@dataclass(frozen=True)
class Worn:
    """A patch, in the world that lays it on."""

    patch: PatchImage
    renderer: Renderer
    seed: int = 0


def export_coco(
    source: SceneSource, out: str | Path, *, victims: Sequence[Victim[Any, Any]] = (), images: int = 0,
    worn: Worn | None = None,
) -> Path:  # fmt: skip
    """Write ``clean`` and, with a patch, ``patch``; at most ``images`` pictures, 0 is all. Returns the folder.

    Raises :class:`BadInput` where the folder is there already.
    """
    place = Path(out)
    if place.exists():
        raise BadInput(f"{place} exists already. Choose another folder")
    arms = {"clean": None} | ({"patch": worn} if worn else {})
    written = {arm: _Arm(place / arm, victims) for arm in arms}
    for number, scene in zip(range(images or len(source)), source.sweep(1), strict=False):
        for arm, patch in arms.items():
            written[arm].add(number, scene, scene.srgb if patch is None else _patched(scene, patch))
    for arm in written.values():
        arm.close()
    return place


@torch.no_grad()
def _patched(scene: SceneBatch, worn: Worn) -> Tensor:
    draws = worn.renderer.sample(scene, generator(worn.seed, scene.keys[0]))
    return worn.renderer.render(scene, worn.patch, draws)


class _Arm:
    def __init__(self, folder: Path, victims: Sequence[Victim[Any, Any]]) -> None:
        self._folder, self._victims = folder, victims
        (folder / "data").mkdir(parents=True)
        self._images: list[dict[str, Any]] = []
        self._objects: list[dict[str, Any]] = []
        self._names: list[str] = []  # of categories, which are numbered from 1
        self._reports: dict[str, list[dict[str, Any]]] = {_file_name(victim.name): [] for victim in victims}

    def add(self, number: int, scene: SceneBatch, srgb: Tensor) -> None:
        height, width = (int(side) for side in scene.sizes_px[0])
        file = f"{number:06d}.png"
        picture = (srgb[0, :, :height, :width].detach().cpu() * 255).round().clamp(0, 255).to(torch.uint8)
        encoded = cv2.imencode(".png", np.ascontiguousarray(picture.permute(1, 2, 0).numpy()[:, :, ::-1]))[1]
        (self._folder / "data" / file).write_bytes(encoded.tobytes())
        identity = number + 1
        self._images.append({"id": identity, "file_name": file, "width": width, "height": height, "key": scene.keys[0]})
        for box, label in zip(scene.boxes_xyxy_px.tolist(), scene.labels.tolist(), strict=True):
            x, y, wide, high = _xywh(box)
            self._objects.append({
                "id": len(self._objects) + 1, "image_id": identity, "bbox": [x, y, wide, high], "area": wide * high,
                "category_id": self._category(scene.label_names[label]), "iscrowd": 0,
            })  # fmt: skip
        for victim in self._victims:
            with torch.no_grad():
                (found,) = victim.decide(victim.outputs(srgb[:, :, :height, :width]))
            self._reports[_file_name(victim.name)] += self._reported(identity, found, victim.labels)

    def close(self) -> None:
        categories = [{"id": place, "name": name} for place, name in enumerate(self._names, 1)]
        told = {"info": {"description": "written by physadv-supervision"}, "images": self._images,
                "annotations": self._objects, "categories": categories}  # fmt: skip
        for name, content in {"labels": told, **self._reports}.items():
            (self._folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    def _category(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name) + 1

    def _reported(self, identity: int, found: Detections, labels: Sequence[str]) -> list[dict[str, Any]]:
        rows = zip(found.boxes_xyxy_px.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True)
        return [
            {"image_id": identity, "category_id": self._category(labels[label]), "bbox": _xywh(box), "score": score}
            for box, score, label in rows
        ]


def _xywh(box: Sequence[float]) -> list[float]:
    x0, y0, x1, y1 = box
    return [x0, y0, x1 - x0, y1 - y0]


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)
