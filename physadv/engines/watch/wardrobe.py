"""Who wears the overlay: everything that is followed, each held steady, none through somebody who stands before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from physadv.engines.watch.overlay import Box, FilmedSurface, on_objects
from physadv.library.placement.objects import PatchPlacement
from physadv.library.tracking.steady import SteadyBox

MAX_WEARERS = 4  # the tallest beside the followed one: each costs time


@dataclass
class Wardrobe:
    """Dresses those who are followed, frame after frame."""

    placement: PatchPlacement
    _steady: dict[int, SteadyBox] = field(default_factory=dict)  # of every track

    def surfaces(self, boxes_xyxy_px: Mapping[int, Box], srgb: Tensor, time_s: float) -> list[FilmedSurface]:
        """Surfaces in ``srgb`` ``(3,H,W)`` on the objects of the tracks, number → box, the one that is judged first."""
        self._steady = {number: self._steady.get(number) or SteadyBox() for number in boxes_xyxy_px}
        steady = [self._steady[number].follow(box, time_s) for number, box in boxes_xyxy_px.items()]
        first, others = steady[:1], sorted(steady[1:], key=lambda box: box[1] - box[3])
        seen = [box for box in others if not any(_before(other, box) for other in steady)]
        return on_objects(self.placement, [*first, *seen[: MAX_WEARERS - 1]], srgb)


def _before(box: Box, other: Box) -> bool:
    """Whether a box hides the chest of another one that reaches less far down, so that its object is behind."""
    x, y = (other[0] + other[2]) / 2, other[1] + (other[3] - other[1]) / 3
    return box != other and box[3] > other[3] and box[0] < x < box[2] and box[1] < y < box[3]
