"""Where prints go on the road."""

from __future__ import annotations

from typing import NamedTuple

from physadv.core.errors import BadOption
from physadv.core.nearest import did_you_mean
from physadv.core.types import PatchImage
from physadv.core.worlds import TextureSlot
from physadv.parts.worlds.stop_go.plates import BOARD, PERSON, SIGN

_LARGER_MM = 1.0  # than its slot a print may be, for rounding


class PrintPlace(NamedTuple):
    """A slot, and where it is on its plate."""

    texture: TextureSlot
    plate: int
    x_mm: float  # of its middle, from the middle of the plate
    y_mm: float


SLOTS = {
    "sign": PrintPlace(TextureSlot("sign", 530, 530, "a sticker in the middle of the sign"), SIGN, 0, 0),
    "billboard": PrintPlace(TextureSlot("billboard", 2960, 1960, "the whole board beside the road"), BOARD, 0, 0),
    "shirt": PrintPlace(TextureSlot("shirt", 400, 560, "the chest of the person"), PERSON, 0, -280),
}


def place_of(slot: str) -> PrintPlace:
    """The slot of that name. Raises :class:`BadOption` where there is none."""
    if slot not in SLOTS:
        raise BadOption(f"the road has no slot {slot!r}{did_you_mean(slot, SLOTS) or '.'} It has {', '.join(SLOTS)}")
    return SLOTS[slot]


def require_fitting(slot: str, image: PatchImage) -> None:
    """Raise :class:`BadOption` for a print on no slot, or one that is larger than its slot."""
    place = place_of(slot).texture
    if image.width_mm > place.width_mm + _LARGER_MM or image.height_mm > place.height_mm + _LARGER_MM:
        raise BadOption(
            f"the print of {image.width_mm:.0f} x {image.height_mm:.0f} mm is larger than the slot {slot!r} of the "
            f"road, {place.width_mm:.0f} x {place.height_mm:.0f} mm. Make it smaller (patch.width_mm)"
        )
