"""Scenes of a plugin, looked at batch by batch.

What only some sources promise is in a class of its own here, so that a guarded source is what the bare one is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import torch

from physadv.app.guards.calls import Owner
from physadv.core.scene_protocols import Detect, NeedsObjects, Photographs, Renderer, RendersItself, SceneSource
from physadv.core.types import PatchImage, PatchPlace, SceneBatch, Wearer

_END = object()


class GuardedScenes:
    """The source itself, but every batch it gives is checked: types, device, ranges, label names."""

    def __init__(self, source: SceneSource, owner: Owner) -> None:
        self._source, self._owner = source, owner

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        return self._checked("batches", self._owner.call("batches", self._source.batches, size, generator), size)

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        return self._checked("sweep", self._owner.call("sweep", self._source.sweep, size, skip), size)

    def split(self, share: float, seed: int) -> tuple[SceneSource, SceneSource]:
        made: Any = self._owner.call("split", self._source.split, share, seed)
        pair = isinstance(made, tuple | list) and len(made) == 2 and all(hasattr(one, "sweep") for one in made)
        self._owner.require(pair, "split", f"gives {type(made).__name__} where two sources are due")
        return guarded_scenes(made[0], self._owner), guarded_scenes(made[1], self._owner)

    def __len__(self) -> int:
        return self._owner.call("__len__", lambda: len(self._source))

    def _checked(self, method: str, batches: Any, size: int) -> Iterator[SceneBatch]:
        owner = self._owner
        source = owner.call(method, iter, batches)
        while (batch := owner.call(method, next, source, _END)) is not _END:
            owner.require(isinstance(batch, SceneBatch), method, f"gives {type(batch).__name__}, not SceneBatch")
            owner.require(0 < len(batch.keys) <= size, method, f"gives {len(batch.keys)} images, asked for {size}")
            owner.check_tensor(method, "srgb", batch.srgb, (len(batch.keys), 3, "H", "W"), batch.srgb)
            owner.require(not batch.srgb.requires_grad, method, "gives srgb that carries a gradient")
            if owner.due(method, batch.srgb):
                owner.check_share(method, "srgb", batch.srgb)
                owner.check_finite(method, "boxes", batch.boxes_xyxy_px)
                named = not batch.labels.numel() or 0 <= int(batch.labels.min()) <= int(batch.labels.max())
                named = named and (not batch.labels.numel() or int(batch.labels.max()) < len(batch.label_names))
                owner.require(named, method, f"gives a label without a name in label_names: {batch.labels.tolist()}")
            yield batch


class _GuardedPhotographs:
    """The methods that a source of photographs has besides."""

    _source: Photographs
    _owner: Owner

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._owner.call("keys", lambda: self._source.keys))

    def wearers(self) -> Sequence[Wearer]:
        return self._owner.call("wearers", self._source.wearers)

    def digests(self, keys: Collection[str]) -> dict[str, str]:
        return self._owner.call("digests", self._source.digests, keys)

    def only(self, keys: Collection[str]) -> SceneSource:
        return guarded_scenes(self._owner.call("only", self._source.only, keys), self._owner)


class _GuardedNeedingObjects:
    """The method that a source of bare pictures has besides."""

    _source: NeedsObjects
    _owner: Owner

    def with_objects(self, detect: Detect, label_names: tuple[str, ...]) -> SceneSource:
        return guarded_scenes(
            self._owner.call("with_objects", self._source.with_objects, detect, label_names), self._owner
        )


class _GuardedRenderingItself:
    """The methods that a source with a world of its own has besides."""

    _source: RendersItself
    _owner: Owner

    @property
    def curvature_per_m(self) -> float:
        return float(self._owner.call("curvature_per_m", lambda: self._source.curvature_per_m))

    def renderer(self, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None) -> Renderer:
        return self._owner.call("renderer", self._source.renderer, place, ink)


_BESIDES: tuple[tuple[type, type], ...] = (
    (Photographs, _GuardedPhotographs),
    (NeedsObjects, _GuardedNeedingObjects),
    (RendersItself, _GuardedRenderingItself),
)


def guarded_scenes(source: SceneSource, owner: Owner) -> SceneSource:
    """The source behind its guard, which promises what the source does and no more."""
    besides = tuple(guard for promise, guard in _BESIDES if owner.call("build", isinstance, source, promise))
    made: SceneSource = type("GuardedScenes", (*besides, GuardedScenes), {})(source, owner)
    return made
