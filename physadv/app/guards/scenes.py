"""Scenes of a plugin, looked at batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from physadv.app.guards.calls import Owner
from physadv.core.protocols import SceneSource
from physadv.core.types import SceneBatch

_END = object()


class GuardedScenes:
    """The source itself, but every batch it gives is checked: types, device, ranges, label names."""

    def __init__(self, source: SceneSource, owner: Owner) -> None:
        self._source, self._owner = source, owner

    def __getattr__(self, name: str) -> Any:
        """Give what only some sources have: a renderer of their own, or a need to be told where objects are."""
        value = getattr(self._source, name)
        if not callable(value):
            return value

        def called(*args: Any, **named: Any) -> Any:
            made = self._owner.call(name, value, *args, **named)
            return GuardedScenes(made, self._owner) if name == "with_objects" else made

        return called

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        return self._checked("batches", self._owner.call("batches", self._source.batches, size, generator), size)

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        return self._checked("sweep", self._owner.call("sweep", self._source.sweep, size, skip), size)

    def split(self, share: float, seed: int) -> tuple[GuardedScenes, GuardedScenes]:
        made: Any = self._owner.call("split", self._source.split, share, seed)
        pair = isinstance(made, tuple | list) and len(made) == 2 and all(hasattr(one, "sweep") for one in made)
        self._owner.require(pair, "split", f"gives {type(made).__name__} where two sources are due")
        return GuardedScenes(made[0], self._owner), GuardedScenes(made[1], self._owner)

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
