"""How tall things usually are, which turns a box in pixels into millimetres on the object."""

from __future__ import annotations

from physadv.core.errors import BadOption
from physadv.core.labels import canonical

# Adults 1.7 m, their faces 0.19 m from chin to hairline, as face detectors box them.
# Signs as in the Vienna convention's and MUTCD's usual urban sizes; vehicles from common models.
_HEIGHTS_MM = {
    "person": 1700.0,
    "face": 190.0,
    "bicycle": 1050.0,
    "car": 1500.0,
    "motorcycle": 1200.0,
    "bus": 3200.0,
    "truck": 3200.0,
    "traffic light": 1000.0,
    "stop sign": 750.0,
    "speed limit": 600.0,
    "crosswalk": 600.0,
    "fire hydrant": 800.0,
    "bench": 850.0,
    "dog": 600.0,
    "chair": 900.0,
    "sports ball": 220.0,
}


UNKNOWN_MM = 1000.0  # where any height will do, because the user was told


def usual_height_mm(label: str) -> float | None:
    """The usual height of things with this label; ``None`` when it is not known."""
    return _HEIGHTS_MM.get(canonical(label))


def object_height_mm(label: str, stated_mm: float) -> float:
    """The stated height, or the usual one of things with this label when 0 is stated.

    Raises :class:`BadOption` for a negative height, or where none is stated and none is usual.
    """
    if stated_mm < 0:
        raise BadOption(
            f"object_height_mm must not be negative, got {stated_mm:g}. Give millimetres, or 0 for the usual."
        )
    if stated_mm:
        return stated_mm
    usual = usual_height_mm(label)
    if usual is None:
        raise BadOption(
            f"how tall is a {label!r}? No usual height is known for it (only for {', '.join(sorted(_HEIGHTS_MM))}). "
            "Set object_height_mm."
        )
    return usual
