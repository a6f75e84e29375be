"""Objects of a photo, and the surface on them that wears the patch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.labels import canonical
from physadv.library.placement.torso import on_the_chest

Box = tuple[float, float, float, float]

SHIRT_MM = (400.0, 500.0)  # what is surely shirt about the middle of a chest print
TORSO_LABELS = ("person", "face")
FLAT_AND_SQUARE = ("stop sign", "speed limit")
"""Signs whose box is as wide as high from the front: a narrower one is seen from aside."""
SEEN_FROM_ASIDE = 0.9  # width over height; boxes drawn by hand are not better


@dataclass(frozen=True, slots=True)
class PhotoObject:
    """One object of a photo, in pixels of the file as stored on disk, upright."""

    box_xyxy_px: Box
    label: int
    may_wear: bool  # of the label that wears the patch, and not a crowd
    crowd: bool = False  # one box around many objects
    image_from_surface: Tensor | None = None  # (3, 3) where the surface is known; else the dressing tells

    @property
    def height_px(self) -> float:
        return self.box_xyxy_px[3] - self.box_xyxy_px[1]


@dataclass(frozen=True, slots=True)
class PatchPlacement:
    """Which objects wear the patch, where on them, and how large a millimetre is there."""

    label: str
    object_height_mm: float
    min_height_px: float
    torso: bool = False  # on the chest, where a garment is printed; else about the middle of the box

    def surface(self, thing: PhotoObject, size_px: tuple[int, int]) -> Tensor | None:
        """``(3, 3)`` millimetres → pixels of a photo of ``size_px``; ``None`` where the object does not wear."""
        if not thing.may_wear or thing.height_px < max(self.min_height_px, 1.0):
            return None
        if thing.image_from_surface is not None:
            return thing.image_from_surface
        if self.torso:
            of_face = canonical(self.label) == "face"
            return on_the_chest(thing.box_xyxy_px, size_px, self.object_height_mm, of_face=of_face)
        if canonical(self.label) in FLAT_AND_SQUARE and not _at_an_edge(thing.box_xyxy_px, size_px):
            return turned_away(thing.box_xyxy_px, self.object_height_mm)
        return facing_the_camera(thing.box_xyxy_px, self.object_height_mm)

    def lit_px(self, thing: PhotoObject, surface: Tensor) -> Box:
        """The box in which the light on the print shows: the object's, or of a face also the shirt below it.

        ``surface`` ``(3, 3)`` mm → px.
        """
        if not (self.torso and canonical(self.label) == "face"):
            return thing.box_xyxy_px
        scale, x, y = (float(surface[row, column]) for row, column in ((0, 0), (0, 2), (1, 2)))
        across, down = SHIRT_MM[0] / 2 * scale, SHIRT_MM[1] / 2 * scale
        return x - across, min(thing.box_xyxy_px[1], y - down), x + across, y + down


def dressing(label: str, object_height_mm: float, min_height_px: float, wear_on: str = "object") -> PatchPlacement:
    """Check what every annotated source takes. Raises :class:`BadOption` for what does not fit together."""
    if min_height_px < 0:
        raise BadOption(f"min_height_px must not be negative, got {min_height_px:g}.")
    if wear_on not in ("object", "torso"):
        raise BadOption(f"wear_on must be object or torso, got {wear_on!r}.")
    if wear_on == "torso" and canonical(label) not in TORSO_LABELS:
        raise BadOption(
            f"wear_on=torso knows where the chest of a person or below a face is, not of a {label!r}. "
            "Set wear_on=object, or label=person."
        )
    return PatchPlacement(label, object_height_mm, min_height_px, torso=wear_on == "torso")


def scaled(thing: PhotoObject, original_px: tuple[int, int], size_px: tuple[int, int]) -> PhotoObject | None:
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


def facing_the_camera(box_xyxy_px: Box, object_height_mm: float) -> Tensor:
    """``(3, 3)`` millimetres about the box's centre → pixels, one scale for both axes."""
    left, top, right, bottom = box_xyxy_px
    scale = (bottom - top) / object_height_mm
    centre = ((left + right) / 2 - 0.5, (top + bottom) / 2 - 0.5)
    return torch.tensor([[scale, 0, centre[0]], [0, scale, centre[1]], [0, 0, 1]], dtype=torch.float64)


def turned_away(box_xyxy_px: Box, object_height_mm: float) -> Tensor:
    """``(3, 3)`` the same for a flat thing as wide as high, narrower where its box is: a print on it is foreshortened
    alike.

    Towards which side it is turned the box does not tell, so there is no perspective in it.
    """
    left, top, right, bottom = box_xyxy_px
    surface = facing_the_camera(box_xyxy_px, object_height_mm)
    share = (right - left) / (bottom - top)
    if share < SEEN_FROM_ASIDE:
        surface[0, 0] *= share
    return surface


def _at_an_edge(box_xyxy_px: Box, size_px: tuple[int, int]) -> bool:
    """Whether an edge of the photo may cut the object off, so that the box's shape tells nothing."""
    left, top, right, bottom = box_xyxy_px
    return left < 1 or top < 1 or right > size_px[1] - 1 or bottom > size_px[0] - 1
