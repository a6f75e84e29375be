"""Photographs with known objects as a source of scenes; where the boxes came from does not matter here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from physadv.errors import BadInput, BadOption
from physadv.scenes.photos import PhotoStore
from physadv.seeding import generator as seeded
from physadv.types import SceneBatch

logger = logging.getLogger(__name__)

GREY = 114 / 255  # what detectors are used to seeing where there is no image


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of a photo, in pixels of the file as stored on disk, upright."""

    box_xyxy_px: tuple[float, float, float, float]
    label: int
    may_wear: bool  # of the label that wears the patch, and not a crowd
    crowd: bool = False  # one box around many objects
    image_from_surface: Tensor | None = None  # (3, 3) where the surface is known; else it faces the camera

    @property
    def height_px(self) -> float:
        return self.box_xyxy_px[3] - self.box_xyxy_px[1]


@dataclass(frozen=True, slots=True)
class Dressing:
    """Which objects wear the patch, and how large a millimetre is on them."""

    label: str
    object_height_mm: float
    min_height_px: float


def scaled(thing: Thing, original_px: tuple[int, int], size_px: tuple[int, int]) -> Thing | None:
    """The object in the shrunk photo, its box clipped to it; ``None`` when the box lies wholly outside."""
    scale_y, scale_x = (now / then for now, then in zip(size_px, original_px, strict=True))
    left, top, right, bottom = thing.box_xyxy_px
    box = (
        min(max(left * scale_x, 0.0), float(size_px[1])), min(max(top * scale_y, 0.0), float(size_px[0])),
        min(max(right * scale_x, 0.0), float(size_px[1])), min(max(bottom * scale_y, 0.0), float(size_px[0])),
    )  # fmt: skip
    if box[2] <= box[0] or box[3] <= box[1]:
        return None
    surface = thing.image_from_surface
    if surface is not None:
        shrink = torch.tensor(  # pixel centres are at integers: edge 0 is at -0.5
            [[scale_x, 0, (scale_x - 1) / 2], [0, scale_y, (scale_y - 1) / 2], [0, 0, 1]], dtype=torch.float64
        )
        surface = shrink @ surface.double()
    return replace(thing, box_xyxy_px=box, image_from_surface=surface)


def facing_the_camera(box_xyxy_px: tuple[float, float, float, float], object_height_mm: float) -> Tensor:
    """``(3, 3)`` millimetres about the box's centre → pixels, one scale for both axes."""
    left, top, right, bottom = box_xyxy_px
    scale = (bottom - top) / object_height_mm
    centre = ((left + right) / 2 - 0.5, (top + bottom) / 2 - 0.5)
    return torch.tensor([[scale, 0, centre[0]], [0, scale, centre[1]], [0, 0, 1]], dtype=torch.float64)


class AnnotatedPhotos:
    """A :class:`~physadv.protocols.SceneSource` of photos in which the objects are known.

    Boxes that stick out are clipped; boxes wholly outside are left out with a warning. Objects of the label that are
    smaller than ``min_height_px`` (in the shrunk photo) or part of a crowd do not wear the patch.
    """

    def __init__(
        self,
        photos: PhotoStore,
        things: Sequence[Sequence[Thing]],
        label_names: tuple[str, ...],
        dressing: Dressing,
    ) -> None:
        self._photos = photos
        self._label_names = label_names
        self._dressing = dressing
        self._things = tuple(self._fitted(index, found) for index, found in enumerate(things))
        self._indices: tuple[int, ...] = tuple(range(len(photos)))

    def __len__(self) -> int:
        return len(self._indices)

    def split(self, share: float, seed: int) -> tuple[AnnotatedPhotos, AnnotatedPhotos]:
        """Disjoint parts, the second with ``share`` of the photos with wearers and of those without."""
        if not 0 <= share <= 1:
            raise BadOption(f"the share kept for judging must be between 0 and 1, got {share:g}. 0.3 is usual.")
        order = torch.randperm(len(self), generator=seeded(seed, "scenes/split")).tolist()
        kept: list[int] = []
        for wearing in (True, False):
            alike = [self._indices[i] for i in order if self._has_wearer(self._indices[i]) == wearing]
            kept += alike[: round(share * len(alike))]
        return self._part(set(self._indices) - set(kept)), self._part(set(kept))

    def sweep(self, size: int) -> Iterator[SceneBatch]:
        """Every photo once, sorted by size so that no batch needs padding."""
        sizes = self._photos.sizes_px
        order = sorted(self._indices, key=lambda index: (sizes[index], self._photos.paths[index].name))
        for _, equal in groupby(order, key=lambda index: sizes[index]):
            group = list(equal)
            for start in range(0, len(group), size):
                yield self._batch(group[start : start + size])

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random batches of photos with a wearer, padded with grey at the right and bottom."""
        wearing = [index for index in self._indices if self._has_wearer(index)]
        if not wearing:
            raise BadInput(self._why_none_wears())
        return self._endless(wearing, size, generator)

    def _endless(self, wearing: list[int], size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        waiting: list[int] = []
        while True:
            while len(waiting) < size:
                order = torch.randperm(len(wearing), generator=generator, device=generator.device)
                waiting += [wearing[i] for i in order.tolist()]
            yield self._batch(waiting[:size])
            del waiting[:size]

    def _fitted(self, index: int, things: Sequence[Thing]) -> tuple[Thing, ...]:
        fitted = [scaled(thing, self._photos.original_px[index], self._photos.sizes_px[index]) for thing in things]
        outside = sum(thing is None for thing in fitted)
        if outside:
            logger.warning("%s: %d box(es) lie outside the image and are left out", self._photos.paths[index], outside)
        return tuple(thing for thing in fitted if thing is not None)

    def _part(self, indices: set[int]) -> AnnotatedPhotos:
        part = copy(self)
        part._indices = tuple(sorted(indices))
        return part

    def _has_wearer(self, index: int) -> bool:
        return any(self._wears(thing) for thing in self._things[index])

    def _wears(self, thing: Thing) -> bool:
        return thing.may_wear and thing.height_px >= max(self._dressing.min_height_px, 1.0)

    def _why_none_wears(self) -> str:
        label, least = self._dressing.label, self._dressing.min_height_px
        things = [thing for index in self._indices for thing in self._things[index]]
        heights = [thing.height_px for thing in things if thing.may_wear]
        if not heights:
            total = len(things)
            return (
                f"no {label!r} to put the patch on: {len(self)} images with {total} boxes, none of that label. "
                "Choose another label or other images."
            )
        return (
            f"no {label!r} is at least {least:g} px tall: {len(heights)} found in {len(self)} images, the tallest "
            f"{max(heights):.0f} px. Lower min_height_px."
        )

    def _batch(self, indices: Sequence[int]) -> SceneBatch:
        sizes = [self._photos.sizes_px[i] for i in indices]
        srgb = torch.full((len(indices), 3, max(s[0] for s in sizes), max(s[1] for s in sizes)), GREY)
        for row, index in enumerate(indices):
            srgb[row, :, : sizes[row][0], : sizes[row][1]] = self._photos[index].float() / 255
        found = [(row, thing) for row, index in enumerate(indices) for thing in self._things[index]]
        things = [thing for _, thing in found]
        return SceneBatch(
            srgb=srgb,
            sizes_px=torch.tensor(sizes, dtype=torch.int64),
            keys=tuple(self._photos.paths[i].name for i in indices),
            image_of=torch.tensor([row for row, _ in found], dtype=torch.int64),
            boxes_xyxy_px=torch.tensor([thing.box_xyxy_px for thing in things], dtype=torch.float32).reshape(-1, 4),
            labels=torch.tensor([thing.label for thing in things], dtype=torch.int64),
            label_names=self._label_names,
            wears=torch.tensor([self._wears(thing) for thing in things], dtype=torch.bool),
            image_from_surface=self._surfaces(things),
            light=torch.ones(len(things), 3),
            crowds=torch.tensor([thing.crowd for thing in things], dtype=torch.bool),
        )

    def _surfaces(self, things: Sequence[Thing]) -> Tensor:
        matrices = torch.eye(3).repeat(len(things), 1, 1)
        for row, thing in enumerate(things):
            if self._wears(thing):
                known = thing.image_from_surface
                facing = facing_the_camera(thing.box_xyxy_px, self._dressing.object_height_mm)
                matrices[row] = facing if known is None else known
        return matrices


def dressing(label: str, object_height_mm: float, min_height_px: float) -> Dressing:
    """Check the numbers that every annotated source takes."""
    if min_height_px < 0:
        raise BadOption(f"min_height_px must not be negative, got {min_height_px:g}.")
    return Dressing(label, object_height_mm, min_height_px)
