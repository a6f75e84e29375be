"""Photos as taken from a chosen distance: the object is as many pixels tall as it would be from there.

A thing of ``H`` mm at ``d`` mm is ``f · H / d`` pixels tall. So the photo, in its file's resolution, is resampled by

    zoom = f · H / d / (its height in the file)        f by the field of view across the picture's longer side

and laid into a picture as large as without a distance. From farther away the photo covers a part of it, about its
middle; the rest is the grey that detectors are used to seeing round pictures. From nearer it is cut to the part about
the object. A photo is never magnified: where ``zoom`` is above 1 its file does not hold what a camera would see from
there. Perspective, haze and the light stay those of the photo.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.images import load_srgb
from physadv.library.placement.objects import Box, PhotoObject
from physadv.library.placement.viewpoint import focal_px
from physadv.parts.scenes.photos import Inside, PhotoStore, PictureCache
from physadv.parts.scenes.resize import resized

logger = logging.getLogger(__name__)

GREY_U8 = 114
MAGNIFIED = 1.02  # by less than a rounded pixel
ALIKE = 0.1  # a wearer whose distance differs by less counts as at that distance
_EDGE_PX = 1.0  # of the file: a box that touches the rim is cut off, and its height tells no distance
_GOLDEN = (math.sqrt(5) - 1) / 2


class TooNear(BadInput):
    """No photo holds what a camera would see from there."""


@dataclass(frozen=True, slots=True)
class PhotoCrop:
    """One photo from its new distance."""

    photo: int  # its number in the store
    zoom: float  # pixels of the new picture for one of the file
    left: float  # of the photo's edge in the new picture, in px; negative where it is cut
    top: float


class DistantPhotos:
    """Photos of a store, zoomed out or in; a picture is as large as the store would give it."""

    def __init__(self, store: PhotoStore, views: Sequence[PhotoCrop], memory_mb: int) -> None:
        self._store, self._views = store, tuple(views)
        self.names = tuple(store.names[view.photo] for view in views)
        self.sizes_px = tuple(store.sizes_px[view.photo] for view in views)
        self.original_px = self.sizes_px
        self.inside_px = tuple(self._inside(view) for view in views)
        self._kept = PictureCache(memory_mb)

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, index: int) -> Tensor:
        return self._kept.get(index, self._made)

    def digest(self, index: int) -> str:
        """Of the photo that is shown, however far away."""
        return self._store.digest(self._views[index].photo)

    def _made(self, index: int) -> Tensor:
        view, (height, width) = self._views[index], self.sizes_px[index]
        picture = load_srgb(self._store.paths[view.photo])
        tall, wide = (max(1, round(side * view.zoom)) for side in picture.shape[1:])
        zoomed = (resized(picture, (tall, wide)) * 255).round().to(torch.uint8)
        canvas = torch.full((3, height, width), GREY_U8, dtype=torch.uint8)
        (left, top, right, bottom), (x, y) = self.inside_px[index], (round(view.left), round(view.top))
        canvas[:, top:bottom, left:right] = zoomed[:, top - y : bottom - y, left - x : right - x]
        return canvas

    def _inside(self, view: PhotoCrop) -> Inside:
        """Where the new picture shows the photo."""
        (tall, wide), (height, width) = (
            (max(1, round(side * view.zoom)) for side in self._store.original_px[view.photo]),
            self._store.sizes_px[view.photo],
        )
        x, y = round(view.left), round(view.top)
        return max(x, 0), max(y, 0), min(x + wide, width), min(y + tall, height)


def at_distance(
    store: PhotoStore,
    things: Sequence[Sequence[PhotoObject]],
    distance_m: Sequence[float],
    object_height_mm: float,
    field_of_view_deg: float,
    memory_mb: int,
    label: str,
) -> tuple[DistantPhotos, list[list[PhotoObject]]]:
    """The photos that can be shown from a distance in the range ``distance_m``, and their objects there.

    The tallest whole wearer of a photo stands at the distance; others wear the patch where theirs is alike.
    Photos without a wearer have no distance and are left out. Within a range the distances are spread evenly in their
    logarithm, the same for the same photos.
    """
    low, high = _checked(distance_m)
    views: list[PhotoCrop] = []
    placed: list[list[PhotoObject]] = []
    nearest: list[float] = []
    for photo, found in enumerate(things):
        whole = [thing for thing in found if thing.may_wear and _whole(thing.box_xyxy_px, store.original_px[photo])]
        if not whole:
            continue
        anchor = max(whole, key=lambda thing: thing.height_px)
        focal = focal_px(store.sizes_px[photo], field_of_view_deg)
        distance = low * (high / low) ** (len(nearest) * _GOLDEN % 1)
        tall_px = focal * object_height_mm / (1000 * distance)
        nearest.append(focal * object_height_mm / (1000 * anchor.height_px))
        if tall_px > anchor.height_px * MAGNIFIED or tall_px > store.sizes_px[photo][0]:
            continue
        view = _view(store, photo, anchor.box_xyxy_px, tall_px / anchor.height_px)
        views.append(view)
        placed.append([_moved(thing, view, whole, tall_px) for thing in found if _shows(thing, view, store)])
    _expect(views, nearest, (low, high), label, len(things))
    range_m = f"{low:g} m" if low == high else f"{low:g} to {high:g} m"
    lacking = "; the others would have to be magnified" if len(views) < len(nearest) else ""
    logger.info("photos  from %s: %d of %d with a whole %r%s", range_m, len(views), len(nearest), label, lacking)
    return DistantPhotos(store, views, memory_mb), placed


def _checked(distance_m: Sequence[float]) -> tuple[float, float]:
    if len(distance_m) != 2 or not 0 < distance_m[0] <= distance_m[1] < math.inf:
        raise BadOption(
            f"scenes.distance_m must be [nearest, farthest] in metres, or [] for photos as they are, got "
            f"{list(distance_m)}"
        )
    return float(distance_m[0]), float(distance_m[1])


def _expect(
    views: Sequence[PhotoCrop], nearest: Sequence[float], wanted: tuple[float, float], label: str, photos: int
) -> None:
    if not nearest:
        raise BadInput(
            f"no whole {label!r} in {photos} photos: a distance is told by the height of one that no edge cuts off. "
            "Choose another label or other photos."
        )
    if not views:
        raise TooNear(
            f"no photo shows a {label!r} as near as {wanted[1]:g} m: it would have to be magnified beyond what the "
            f"files hold. Ask for {_rounded_up(min(nearest)):g} m or more, or use photos taken from nearer."
        )


def _rounded_up(distance_m: float) -> float:
    return math.ceil(distance_m * 10) / 10


def _whole(box: Box, size_px: tuple[int, int]) -> bool:
    """Whether no edge of the photo cuts the object off."""
    return box[0] > _EDGE_PX and box[1] > _EDGE_PX and box[2] < size_px[1] - _EDGE_PX and box[3] < size_px[0] - _EDGE_PX


def _view(store: PhotoStore, photo: int, box: Box, zoom: float) -> PhotoCrop:
    """The photo about the picture's middle, as a camera sees it that goes back; moved only to keep the object whole."""
    offsets = []
    for axis in (0, 1):
        room, side = store.sizes_px[photo][1 - axis], store.original_px[photo][1 - axis] * zoom
        offset = (room - side) / 2
        low, high = box[axis] * zoom, box[axis + 2] * zoom
        offset = min(max(offset, -low), room - high) if high - low <= room else (room - low - high) / 2
        offsets.append(offset)
    return PhotoCrop(photo, zoom, float(round(offsets[0])), float(round(offsets[1])))


def _box(thing: PhotoObject, view: PhotoCrop) -> Box:
    left, top, right, bottom = (edge * view.zoom for edge in thing.box_xyxy_px)
    return left + view.left, top + view.top, right + view.left, bottom + view.top


def _shows(thing: PhotoObject, view: PhotoCrop, store: PhotoStore) -> bool:
    left, top, right, bottom = _box(thing, view)
    height, width = store.sizes_px[view.photo]
    return right > 0 and bottom > 0 and left < width and top < height


def _moved(thing: PhotoObject, view: PhotoCrop, whole: Sequence[PhotoObject], tall_px: float) -> PhotoObject:
    """The object in the new picture; it wears the patch where it is whole and about as far as the one that counts."""
    alike = abs(thing.height_px * view.zoom / tall_px - 1) <= ALIKE
    return replace(thing, box_xyxy_px=_box(thing, view), may_wear=thing in whole and alike)
