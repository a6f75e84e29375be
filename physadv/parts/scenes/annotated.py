"""Photographs with known objects as a source of scenes; where the boxes came from does not matter here."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.seeding import generator as seeded
from physadv.core.splitting import check_share
from physadv.core.types import SceneBatch, Wearer
from physadv.library.placement.objects import PatchPlacement, PhotoObject, scaled
from physadv.parts.scenes.masks import Masks
from physadv.parts.scenes.photo_estimates import NOT_SEEN_MM, PhotoEstimates, Reading
from physadv.parts.scenes.photos import Photos
from physadv.parts.scenes.prefetch import made_ahead
from physadv.parts.scenes.remarks import shortened

logger = logging.getLogger(__name__)

GREY = 114 / 255  # what detectors are used to seeing where there is no image


@dataclass(frozen=True, slots=True)
class _Placed:
    """An object of the shrunk photo with the surface that wears the patch, if it wears one."""

    thing: PhotoObject
    image_from_surface: Tensor | None  # (3, 3)
    camera_mm: Tensor  # (3,)

    @property
    def wears(self) -> bool:
        return self.image_from_surface is not None


class AnnotatedPhotos:
    """A :class:`~physadv.core.scene_protocols.SceneSource` of photos in which the objects are known.

    Boxes that stick out are clipped; boxes wholly outside are left out with a warning. Objects of the label that are
    smaller than ``min_height_px`` (in the shrunk photo), part of a crowd, or whose chest is out of sight where it is
    worn on the chest, do not wear the patch.
    """

    def __init__(
        self,
        photos: Photos,
        things: Sequence[Sequence[PhotoObject]],
        label_names: tuple[str, ...],
        dressing: PatchPlacement,
        reading: Reading,
        masks: Masks | None = None,
    ) -> None:
        self._photos = photos
        self._label_names = label_names
        self._dressing = dressing
        self._readings = PhotoEstimates(photos, reading)
        self._masks = masks
        outside: list[str] = []
        self._things = tuple(self._fitted(index, found, outside) for index, found in enumerate(things))
        if outside:
            logger.warning("%d box(es) lie outside their image and are left out: %s", len(outside), shortened(outside))
        self._indices: tuple[int, ...] = tuple(range(len(photos)))

    def __len__(self) -> int:
        return len(self._indices)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the photos."""
        return tuple(self._photos.names[index] for index in self._indices)

    def wearers(self) -> list[Wearer]:
        """Every object that wears the patch, with its size in the shrunk photo."""
        return [
            Wearer.of(self._photos.names[index], placed.thing.box_xyxy_px, placed.image_from_surface)
            for index in self._indices
            for placed in self._things[index]
            if placed.image_from_surface is not None
        ]

    def digests(self, keys: Collection[str]) -> dict[str, str]:
        """Hashes of these photos as stored; those that were not decoded yet are, in parallel."""
        wanted = self._among(set(keys))
        found = made_ahead(self._photos.digest, wanted)
        return {self._photos.names[index]: digest for index, digest in zip(wanted, found, strict=True)}

    def only(self, keys: Collection[str]) -> AnnotatedPhotos:
        """The part with these photos."""
        return self._part(set(self._among(set(keys))))

    def _among(self, keys: set[str]) -> list[int]:
        return [index for index in self._indices if self._photos.names[index] in keys]

    def split(self, share: float, seed: int) -> tuple[AnnotatedPhotos, AnnotatedPhotos]:
        """Disjoint parts, the second with ``share`` of the photos with wearers and of those without."""
        check_share(share)
        order = torch.randperm(len(self), generator=seeded(seed, "scenes/split")).tolist()
        kept: list[int] = []
        for wearing in (True, False):
            alike = [self._indices[i] for i in order if self._has_wearer(self._indices[i]) == wearing]
            minimum = int(wearing and share > 0 and len(alike) > 1)  # a part without a wearer judges nothing
            kept += alike[: max(round(share * len(alike)), minimum)]
        return self._part(set(self._indices) - set(kept)), self._part(set(kept))

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Every photo once, sorted by size so that no batch needs padding; decoded ahead of use."""
        return made_ahead(self._batch, self._in_batches(size)[skip:])

    def _in_batches(self, size: int) -> list[list[int]]:
        """Photos of one size together, by name."""
        sizes = self._photos.sizes_px
        order = sorted(self._indices, key=lambda index: (sizes[index], self._photos.names[index]))
        groups = [list(equal) for _, equal in groupby(order, key=lambda index: sizes[index])]
        return [group[start : start + size] for group in groups for start in range(0, len(group), size)]

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random batches of photos with a wearer, padded with grey at the right and bottom.

        Raises :class:`BadInput` where nothing wears the patch.
        """
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

    def _fitted(self, index: int, things: Sequence[PhotoObject], outside: list[str]) -> tuple[_Placed, ...]:
        size = self._photos.sizes_px[index]
        fitted = [scaled(thing, self._photos.original_px[index], size) for thing in things]
        outside += [self._photos.names[index] for thing in fitted if thing is None]
        return tuple(self._placed(index, thing, size) for thing in fitted if thing is not None)

    def _placed(self, index: int, thing: PhotoObject, size: tuple[int, int]) -> _Placed:
        surface = self._dressing.surface(thing, size)
        if surface is None:
            return _Placed(thing, None, torch.tensor(NOT_SEEN_MM, dtype=torch.float64))
        return _Placed(thing, surface, self._readings.camera_mm(index, surface))

    def _part(self, indices: set[int]) -> AnnotatedPhotos:
        part = copy(self)
        part._indices = tuple(sorted(indices))
        return part

    def _has_wearer(self, index: int) -> bool:
        return any(placed.wears for placed in self._things[index])

    def _why_none_wears(self) -> str:
        label, minimum = self._dressing.label, self._dressing.min_height_px
        things = [placed.thing for index in self._indices for placed in self._things[index]]
        heights = [thing.height_px for thing in things if thing.may_wear]
        if not heights:
            total = len(things)
            return (
                f"no {label!r} to put the patch on: {len(self)} images with {total} boxes, none of that label. "
                "Choose another label or other images."
            )
        if self._dressing.torso and max(heights) >= max(minimum, 1.0):
            return (
                f"no {label!r} shows its chest: {len(heights)} found in {len(self)} images, all cut off above it or "
                f"less than {minimum:g} px tall. Choose other images, or set wear_on=object."
            )
        remedy = "Lower scenes.min_height_px" if minimum > 0 else "Choose pictures that show it larger"
        return (
            f"no {label!r} is at least {max(minimum, 1):g} px tall: {len(heights)} found in {len(self)} images, the "
            f"tallest {max(heights):.4g} px. {remedy}."
        )

    def _batch(self, indices: Sequence[int]) -> SceneBatch:
        sizes = [self._photos.sizes_px[i] for i in indices]
        srgb = torch.full((len(indices), 3, max(s[0] for s in sizes), max(s[1] for s in sizes)), GREY)
        for row, index in enumerate(indices):
            srgb[row, :, : sizes[row][0], : sizes[row][1]] = self._photos[index].float() / 255
        blur, noise = self._readings.camera(list(indices))
        found = [(row, index, placed) for row, index in enumerate(indices) for placed in self._things[index]]
        things = [placed.thing for *_, placed in found]
        return SceneBatch(
            srgb=srgb,
            sizes_px=torch.tensor(sizes, dtype=torch.int64),
            keys=tuple(self._photos.names[i] for i in indices),
            image_of=torch.tensor([row for row, *_ in found], dtype=torch.int64),
            boxes_xyxy_px=torch.tensor([thing.box_xyxy_px for thing in things], dtype=torch.float32).reshape(-1, 4),
            labels=torch.tensor([thing.label for thing in things], dtype=torch.int64),
            label_names=self._label_names,
            wears=torch.tensor([placed.wears for *_, placed in found], dtype=torch.bool),
            image_from_surface=_stacked([placed.image_from_surface for *_, placed in found], torch.eye(3)),
            light=_stacked([self._light(index, placed) for _, index, placed in found], torch.ones(3)),
            crowds=torch.tensor([thing.crowd for thing in things], dtype=torch.bool),
            camera_mm=_stacked([placed.camera_mm for *_, placed in found], torch.zeros(3)),
            blur_px=blur,
            noise=noise,
            visible=self._masks.visible(indices, (srgb.shape[2], srgb.shape[3])) if self._masks else None,
        )

    def _light(self, index: int, placed: _Placed) -> Tensor | None:
        if placed.image_from_surface is None:
            return None
        return self._readings.light(index, self._dressing.lit_px(placed.thing, placed.image_from_surface))


def _stacked(values: Sequence[Tensor | None], absent: Tensor) -> Tensor:
    """``(N, ...)`` float32, ``absent`` where there is none."""
    rows = [absent if value is None else value.float() for value in values]
    return torch.stack(rows) if rows else absent.new_zeros((0, *absent.shape))
