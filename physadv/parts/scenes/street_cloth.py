"""The ``street-cloth`` scenes: the drawn street with prints in the cloth itself, as a second judge.

A print is laid into the shirt before the picture is drawn: it bends and folds as the body has it, and is lit, covered,
blurred and made noisy with everything else. Nothing of it is known to the renderer that patches are optimised in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.splitting import split_run
from physadv.core.types import Draws, PatchImage, PatchPlace, SceneBatch
from physadv.library.colour.conversion import linear_from_srgb
from physadv.library.people.drawing import Person
from physadv.library.people.printed import with_print
from physadv.parts.scenes.street_options import StreetConfig, check_street
from physadv.parts.scenes.street_picture import street_batch, street_of_sweep

CURVATURE_PER_M = 3.4
"""The median of the drawn chests (benchmarks/street.py): what a renderer that knows only cylinders is told."""


class StreetClothScenes:
    """The fixed sweep of the street, which renders its prints itself."""

    def __init__(self, config: StreetConfig) -> None:
        check_street(config)
        self._config = config
        self._indices: tuple[int, ...] = tuple(range(config.images))

    def __len__(self) -> int:
        return len(self._indices)

    def split(self, share: float, seed: int) -> tuple[StreetClothScenes, StreetClothScenes]:
        """Disjoint runs of neighbours in the sweep: those of ``scenes=street``."""
        left, kept = split_run(self._indices, share, seed)
        return self._only(left), self._only(kept)

    def _only(self, indices: list[int]) -> StreetClothScenes:
        other = StreetClothScenes(self._config)
        other._indices = tuple(sorted(indices))
        return other

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Every picture once, without a print."""
        for start in range(skip * size, len(self._indices), size):
            yield self._batch(self._indices[start : start + size])

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random choices among the pictures of the sweep."""
        while True:
            picks = torch.randint(len(self._indices), (size,), generator=generator, device=generator.device)
            yield self._batch([self._indices[pick] for pick in picks.tolist()])

    def _batch(self, indices: list[int] | tuple[int, ...]) -> SceneBatch:
        pictures = [street_of_sweep(self._config, index) for index in indices]
        return street_batch(pictures, tuple(_key(index) for index in indices))

    @property
    def curvature_per_m(self) -> float:
        """1/m of a usual chest."""
        return CURVATURE_PER_M

    def renderer(self, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None) -> StreetClothRenderer:
        """Draws the pictures again, with the print in the wearer's shirt."""
        return StreetClothRenderer(self._config, place, ink)


class StreetClothRenderer:
    """Draws the same people again, one of them with a print. Nothing is sampled; no gradient."""

    def __init__(
        self, config: StreetConfig, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None = None
    ) -> None:
        self._config, self._place, self._ink = config, place, ink
        self._numbers = {_key(index): index for index in range(config.images)}

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        """Nothing is left to chance."""
        return Draws({})

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """The scenes with the print in the cloth, ``(B,3,H,W)`` sRGB, as 8-bit codes.

        Raises :class:`BadInput` for scenes of another source.
        """
        images = scene.srgb.clone()
        if not bool(patch.alpha.any()):
            return images
        worn = self._ink(patch) if self._ink else patch
        linear = torch.cat([linear_from_srgb(worn.srgb.detach()), worn.alpha]).permute(1, 2, 0).cpu().numpy()
        place = self._place.x_mm, self._place.y_mm, self._place.roll_deg

        def dress(person: Person) -> Person:
            return with_print(person, linear, worn.width_mm, place)

        for row, key in enumerate(scene.keys):
            if key not in self._numbers or scene.srgb.shape[2:] != (self._config.height_px, self._config.width_px):
                raise BadInput(f"picture {key!r} is not one of this street's. Give it scenes of scenes=street-cloth.")
            picture = street_of_sweep(self._config, self._numbers[key], dress)
            codes = torch.from_numpy(np.ascontiguousarray(picture.rgb_u8.transpose(2, 0, 1)))
            images[row] = codes.to(images) / 255
        return images


def _key(index: int) -> str:
    return f"street-{index:05d}"
