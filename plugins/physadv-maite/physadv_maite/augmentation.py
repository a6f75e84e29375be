"""A patch as MAITE's augmentation: laid on the objects of a batch, as a camera would see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from physadv.api import BadOption, PatchImage, Renderer, SceneBatch, generator, load_patch, renderer
from physadv_maite.exchange import boxes_of, maite_from_srgb, srgb_from_maite
from physadv_maite.options import check_range
from physadv_maite.scenes import facing


@cache
def _world(eot: str, ink: str) -> Renderer:
    return renderer(eot, ink)


class PatchAugmentation:
    """Puts the patch at the middle of every object of the class ``label`` (``None``: of every object).

    It is ``share`` of the box wide. Under the same seed a picture of one ``id`` is always given the same conditions.
    Pictures come back in the kind of number that they came in; what went in is not changed.
    """

    def __init__(
        self, *, patch: str | Path | PatchImage, input_range: str, label: int | None = None, share: float = 0.5,
        eot: str = "none", ink: str = "none", seed: int = 0,
    ) -> None:  # fmt: skip
        check_range("input_range", input_range)
        if not 0 < share <= 1:
            raise BadOption(f"share must be above 0 and at most 1, got {share}")
        self._patch = patch if isinstance(patch, PatchImage) else load_patch(Path(patch))
        self._range, self._label, self._share, self._seed = input_range, label, share, seed
        self._renderer = _world(eot, ink)
        self._told = {"patch": "in memory" if isinstance(patch, PatchImage) else str(patch), "share": share,
                      "eot": eot, "ink": ink, "seed": seed}  # fmt: skip
        self.metadata = {"id": "physadv/patch"}

    def __call__(self, batch: tuple[Sequence[Any], Sequence[Any], Sequence[Mapping[str, Any]]], /) -> Any:
        """The batch with patched pictures; each one's metadata says under ``physadv_patch`` what was done."""
        images, targets, about = batch
        worn = [self._worn(*one) for one in zip(images, targets, about, strict=True)]
        return [image for image, _ in worn], list(targets), [facts for _, facts in worn]

    @torch.no_grad()
    def _worn(self, image: Any, target: Any, about: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        whose = f"picture {about['id']}"
        boxes, labels = boxes_of(target, whose), np.asarray(target.labels).reshape(-1)
        wears = torch.tensor([self._label in (None, int(label)) for label in labels], dtype=torch.bool)
        boxes = boxes[wears]
        boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
        facts = {**about, "physadv_patch": {**self._told, "objects": len(boxes)}}
        if not len(boxes):
            return image, facts
        scene = self._scene(srgb_from_maite(image, self._range, whose), boxes, str(about["id"]))
        draws = self._renderer.sample(scene, generator(self._seed, f"maite {about['id']}"))
        made = maite_from_srgb(self._renderer.render(scene, self._patch, draws)[0], self._range)
        return made.astype(np.asarray(image).dtype), facts

    def _scene(self, srgb: torch.Tensor, boxes: torch.Tensor, key: str) -> SceneBatch:
        count = len(boxes)
        px_per_mm = self._share * (boxes[:, 2] - boxes[:, 0]) / self._patch.width_mm
        return SceneBatch(
            srgb[None], torch.tensor([srgb.shape[-2:]]), (key,), torch.zeros(count, dtype=torch.int64), boxes,
            torch.zeros(count, dtype=torch.int64), ("object",), torch.ones(count, dtype=torch.bool),
            facing(boxes, px_per_mm), torch.ones(count, 3),
        )  # fmt: skip
