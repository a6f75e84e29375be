"""The ``twin`` scene source: path-traced pictures whose every angle, distance and light is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy

import numpy as np
import torch
from torch import Tensor

from physadv.core.splitting import split_run
from physadv.core.types import PatchImage, PatchPlace, SceneBatch
from physadv.library.colour.conversion import srgb_from_linear
from physadv.parts.twin.layout import TwinShot, shot
from physadv.parts.twin.options import STORIES, TwinConfig, check
from physadv.parts.twin.renderer import TwinRenderer, region_of
from physadv.parts.twin.tracing import Effort, trace, white_light
from physadv.parts.twin.variant import expect_mitsuba


class TwinScenes:
    """A fixed sweep of pictures. Each is traced when it is first asked for, and kept as 8-bit codes."""

    def __init__(self, config: TwinConfig) -> None:
        check(config)
        expect_mitsuba()
        self._config = config
        self._shots: tuple[TwinShot, ...] = tuple(shot(config, index) for index in range(config.images))
        self._taken: dict[str, tuple[Tensor, Tensor]] = {}  # key → picture u8 (3, H, W), light (3,)

    def __len__(self) -> int:
        return len(self._shots)

    def split(self, share: float, seed: int) -> tuple[TwinScenes, TwinScenes]:
        """Disjoint runs of neighbours in the sweep, which cover distance and yaw as evenly as the whole."""
        left, kept = split_run(self._shots, share, seed)
        return self._only(left), self._only(kept)

    def _only(self, shots: Sequence[TwinShot]) -> TwinScenes:
        part = copy(self)  # shares what was traced
        part._shots = tuple(sorted(shots, key=lambda one: one.key))
        return part

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Every picture once."""
        for start in range(skip * size, len(self._shots), size):
            yield self._batch(self._shots[start : start + size])

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random choices among the pictures of the sweep."""
        while True:
            picks = torch.randint(len(self._shots), (size,), generator=generator, device=generator.device)
            yield self._batch([self._shots[index] for index in picks.tolist()])

    def renderer(self, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None) -> TwinRenderer:
        """Puts the patch into the scenes and traces them again, instead of laying it over the pictures."""
        return TwinRenderer({one.key: one for one in self._shots}, self._effort(surface=True), place, ink)

    @property
    def curvature_per_m(self) -> float:
        """1/m of the worn surface; 0 for a plane."""
        return 1000 / self._config.radius_mm if self._config.story == "bottle" else 0.0

    def _effort(self, *, surface: bool) -> Effort:
        c = self._config
        return Effort(c.surface_samples if surface else c.samples, c.bounces, c.filter_px)

    def _take(self, one: TwinShot) -> tuple[Tensor, Tensor]:
        if one.key not in self._taken:
            picture = trace(one, self._effort(surface=False), (0, 0, *one.camera.size_px))
            left, top, right, bottom = region = region_of(one, one.worn_mm())
            picture[:, top:bottom, left:right] = trace(one, self._effort(surface=True), region)
            codes = (srgb_from_linear(picture).clamp(0, 1) * 255).round().to(torch.uint8)
            self._taken[one.key] = codes, white_light(one, self._config.bounces)
        return self._taken[one.key]

    def _batch(self, shots: Sequence[TwinShot]) -> SceneBatch:
        taken, count = [self._take(one) for one in shots], len(shots)
        blur = float(np.sqrt(self._config.filter_px**2 - 1 / 12))  # besides the pixel's own square
        return SceneBatch(
            srgb=torch.stack([codes for codes, _ in taken]).float() / 255,
            sizes_px=torch.tensor([one.camera.size_px[::-1] for one in shots]),
            keys=tuple(one.key for one in shots),
            image_of=torch.arange(count),
            boxes_xyxy_px=torch.from_numpy(np.stack([one.box_px() for one in shots])).float(),
            labels=torch.zeros(count, dtype=torch.int64),
            label_names=(STORIES[self._config.story][0],),
            wears=torch.ones(count, dtype=torch.bool),
            image_from_surface=torch.from_numpy(np.stack([one.image_from_surface() for one in shots])).float(),
            light=torch.stack([light for _, light in taken]),
            distance_m=torch.tensor([one.distance_m() for one in shots]),
            camera_mm=torch.from_numpy(np.stack([one.surface.camera_mm() for one in shots])).float(),
            blur_px=torch.full((count,), blur),
        )
