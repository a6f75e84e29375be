"""The ``street`` scene: drawn people in a drawn town; one of them wears the patch on a chest of known millimetres.

Distances are metres from the camera to the middle of the print; yaw 0 faces the camera. No data set is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from physadv.core.splitting import split_run
from physadv.core.types import SceneBatch
from physadv.parts.scenes.drawn import numpy_rng
from physadv.parts.scenes.street_options import StreetConfig, check_street
from physadv.parts.scenes.street_picture import street_batch, street_of_sweep, street_picture


class StreetScenes:
    """Endless random pictures of the street, or a fixed sweep that covers distance and yaw evenly."""

    def __init__(self, config: StreetConfig) -> None:
        check_street(config)
        self._config = config
        self._indices: tuple[int, ...] = tuple(range(config.images))
        self._part: tuple[int, ...] = ()  # mixed into the seed of random pictures, so that parts share none

    def __len__(self) -> int:
        return len(self._indices)

    def split(self, share: float, seed: int) -> tuple[StreetScenes, StreetScenes]:
        """Disjoint parts of the sweep; nobody of one part is ever met in the other."""
        left, kept = split_run(self._indices, share, seed)
        return self._only(left, 1), self._only(kept, 2)

    def _only(self, indices: list[int], part: int) -> StreetScenes:
        other = StreetScenes(self._config)
        other._indices, other._part = tuple(sorted(indices)), (*self._part, part)
        return other

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Random pictures; the same generator gives the same ones."""
        count = 0
        while True:
            rngs = [numpy_rng(generator, self._part) for _ in range(size)]
            keys = tuple(f"street-random-{count + i:06d}" for i in range(size))
            yield street_batch([street_picture(self._config, rng, rng.uniform(size=2)) for rng in rngs], keys)
            count += size

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """The fixed pictures of ``seed``; the batch size does not change them."""
        for start in range(skip * size, len(self._indices), size):
            indices = self._indices[start : start + size]
            pictures = [street_of_sweep(self._config, index) for index in indices]
            yield street_batch(pictures, tuple(f"street-{i:05d}" for i in indices))
