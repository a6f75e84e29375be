"""Estimates from the pixels and boxes of a photo about the place of the patch, worked out once for each photo."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.library.photometry.blur_noise import blur_px, noise_variances
from physadv.library.photometry.scene_light import object_light, photo_light
from physadv.library.placement.objects import Box
from physadv.library.placement.viewpoint import camera_from_homography, focal_px
from physadv.parts.scenes.photos import Photos

NOT_SEEN_MM = (0.0, 0.0, -1000.0)
"""The camera of objects that wear nothing: never used, never in the way."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which estimates to read off photos, and the one thing that must be assumed."""

    field_of_view_deg: float = 60.0
    relight: bool = True
    match_camera: bool = True

    def __post_init__(self) -> None:
        if not 5 <= self.field_of_view_deg <= 150:
            raise BadOption(f"field_of_view_deg must be between 5 and 150, got {self.field_of_view_deg:g}.")


class PhotoEstimates:
    """Readings of the photos in a store; parts of a split share them.

    They are kept as plain numbers: thousands of tiny tensors among the large passing ones would keep the heap from
    being used again, and memory would grow with every photo.
    """

    def __init__(self, photos: Photos, reading: Reading) -> None:
        self._photos = photos
        self._reading = reading
        self._photo_light: dict[int, tuple[float, list[float]]] = {}
        self._light: dict[tuple[int, Box], list[float]] = {}
        self._camera: dict[int, tuple[float, float, float]] = {}

    def camera_mm(self, index: int, image_from_surface: Tensor) -> Tensor:
        """``(3,)`` float64: the camera in the frame of a surface of this photo, by the assumed field of view."""
        height, width = self._photos.sizes_px[index]
        focal = focal_px((height, width), self._reading.field_of_view_deg)
        where = f"a surface in {self._photos.names[index]!r}"
        return camera_from_homography(image_from_surface, focal, ((width - 1) / 2, (height - 1) / 2), where)

    def light(self, index: int, box_xyxy_px: Box) -> Tensor:
        """``(3,)`` linear light of white on the object in the box; 1 without relighting, as papers that paste do."""
        if not self._reading.relight:
            return torch.ones(3)
        key = (index, box_xyxy_px)
        if key not in self._light:
            photo = self._photo(index)
            x, y = self._photos.inside_px[index][:2]
            box = (box_xyxy_px[0] - x, box_xyxy_px[1] - y, box_xyxy_px[2] - x, box_xyxy_px[3] - y)
            if index not in self._photo_light:
                white, gains = photo_light(photo)
                self._photo_light[index] = white, gains.tolist()
            white, listed = self._photo_light[index]
            gains = torch.tensor(listed, dtype=torch.float64)
            self._light[key] = object_light(photo, box, (white, gains)).tolist()
        return torch.tensor(self._light[key])

    def camera(self, indices: list[int]) -> tuple[Tensor | None, Tensor | None]:
        """Blur ``(B,)`` in px and noise ``(B, 2)`` of the photos; ``None`` where the patch is not to be matched."""
        if not self._reading.match_camera:
            return None, None
        for index in indices:
            if index not in self._camera:
                photo = self._photo(index)
                self._camera[index] = (blur_px(photo), *noise_variances(photo))
        rows = torch.tensor([self._camera[index] for index in indices]).reshape(-1, 3)
        return rows[:, 0], rows[:, 1:]

    def _photo(self, index: int) -> Tensor:
        """The part of the picture that is photo, in [0, 1]: grey round it has no light, blur or noise."""
        left, top, right, bottom = self._photos.inside_px[index]
        return self._photos[index][:, top:bottom, left:right].float() / 255
