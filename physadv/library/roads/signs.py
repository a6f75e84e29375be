"""The signs that the road can wear, drawn from their geometry: MUTCD (US) and Vienna convention.

Sizes: R1-1 STOP 750 mm across flats with a 19 mm border and a 254 mm legend (MUTCD 2003, table 2B-1, 30 in sign);
prohibitory discs 600 mm, yield triangles 900 mm (Vienna convention, annex 1), warning diamonds 750 mm (MUTCD W).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from physadv.core.errors import BadOption
from physadv.library.roads.sign_canvas import F64, RGB, SignCanvas, SignFace, ellipse

LABELS = ("speed limit", "stop sign", "crosswalk", "traffic light", "yield", "warning")

_WHITE: RGB = (238, 238, 234)
_RED: RGB = (176, 22, 34)
_YELLOW: RGB = (250, 196, 20)
_LIME: RGB = (202, 236, 40)
_BLUE: RGB = (18, 72, 158)
_BLACK: RGB = (26, 26, 28)
_DOWN = np.array([0.0, 130.0])  # mm from the middle of a triangle's corners to the middle of its height
_SPEEDS = ("20", "30", "40", "50", "60", "70", "80", "90", "100", "110", "120")


@dataclass(frozen=True)
class SignKind:
    """A sign by the name a user types."""

    label: int  # into LABELS
    variants: int
    draw: Callable[[int], SignFace]


def octagon(across_mm: float) -> F64:
    """Corners ``(8, 2)`` of a regular octagon standing on a side: ``|x|, |y| <= a/2`` and ``|x| + |y| <= a/√2``."""
    half, corner = across_mm / 2, across_mm / 2 * (np.sqrt(2) - 1)
    quarter = np.array([(corner, -half), (half, -corner)])
    turns = [np.array([[c, -s], [s, c]]) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    return np.concatenate([quarter @ turn.T for turn in turns])


def _regular(corners: int, radius_mm: float, first_deg: float) -> F64:
    angle = np.deg2rad(first_deg) + 2 * np.pi * np.arange(corners) / corners
    return radius_mm * np.stack([np.cos(angle), np.sin(angle)], 1)


def _draw_stop(_: int) -> SignFace:
    canvas = SignCanvas(750, 750)
    canvas.polygon(octagon(750), _WHITE)
    canvas.polygon(octagon(750 - 2 * 19), _RED)
    canvas.text("STOP", 254, _WHITE)
    return canvas.face(octagon(750))


def _draw_speed_limit(variant: int) -> SignFace:
    canvas, rim = SignCanvas(600, 600), ellipse(0, 0, 300, 300)
    canvas.polygon(rim, _RED)
    canvas.polygon(rim * 0.8, _LIME if variant >= len(_SPEEDS) else _WHITE)
    word = _SPEEDS[variant % len(_SPEEDS)]
    canvas.text(word, 250 if len(word) == 2 else 200, _BLACK)
    return canvas.face(rim)


def _draw_yield(_: int) -> SignFace:
    rim = _regular(3, 520, 90) - _DOWN
    canvas = SignCanvas(910, 790)
    canvas.polygon(rim, _RED)
    canvas.polygon(_regular(3, 330, 90) - _DOWN, _WHITE)
    return canvas.face(rim)


def _draw_warning(variant: int) -> SignFace:
    """Even variants: MUTCD diamonds. Odd variants: Vienna triangles."""
    if variant % 2:
        rim, canvas = _regular(3, 520, -90) + _DOWN, SignCanvas(910, 790)
        canvas.polygon(rim, _RED)
        canvas.polygon(_regular(3, 360, -90) + _DOWN, _WHITE)
        _draw_symbol(canvas, variant // 2, 300, 110)
        return canvas.face(rim)
    rim, canvas = _regular(4, 530, 0), SignCanvas(1062, 1062)
    canvas.polygon(rim, _YELLOW)
    canvas.polygon(rim * 0.95, _BLACK)
    canvas.polygon(rim * 0.92, _YELLOW)
    _draw_symbol(canvas, variant // 2, 480, 0)
    return canvas.face(rim)


def _draw_symbol(canvas: SignCanvas, which: int, size: float, y: float) -> None:
    """Exclamation mark, bend, or bumps."""
    if which % 3 == 0:
        canvas.text("!", size, _BLACK, (0, y))
    elif which % 3 == 1:
        path = np.array([(-0.12, 0.5), (-0.12, 0.1), (-0.06, -0.02), (0.1, -0.12), (0.14, -0.26)]) * size + [0, y]
        canvas.stroke(path, 0.14 * size, _BLACK)
        canvas.polygon(np.array([(-0.04, -0.24), (0.14, -0.52), (0.32, -0.24)]) * size + [0, y], _BLACK)
    else:
        canvas.polygon(ellipse(-0.2 * size, y + 0.2 * size, 0.2 * size, 0.28 * size, 180, 360), _BLACK)
        canvas.polygon(ellipse(0.2 * size, y + 0.2 * size, 0.2 * size, 0.28 * size, 180, 360), _BLACK)


def _draw_crosswalk(variant: int) -> SignFace:
    """A walking figure on stripes in a white triangle on blue; odd variants have a lime surround."""
    half = 350.0
    square = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
    canvas = SignCanvas(1000, 1000)
    rim = square * (1.3 if variant % 2 else 1.0)
    canvas.polygon(rim, _LIME)
    canvas.polygon(square, _BLUE)
    canvas.polygon(np.array([(0, -295), (300, 255), (-300, 255)]), _WHITE)
    limbs = [
        [(5, -95), (-5, 30)], [(-5, 20), (45, 105), (40, 190)], [(-5, 20), (-45, 110), (-95, 180)],
        [(5, -80), (65, -10), (85, 45)], [(5, -80), (-55, -15), (-80, 40)],
    ]  # fmt: skip
    canvas.polygon(ellipse(5, -140, 38, 38), _BLACK)
    for limb, width in zip(limbs, (76, 40, 40, 28, 28), strict=True):
        canvas.stroke(np.array(limb, float), width, _BLACK)
    for x in (-205, -105, -5, 95, 195):
        canvas.polygon(np.array([(x - 35, 205), (x + 20, 205), (x + 35, 245), (x - 35, 245)]), _BLACK)
    return canvas.face(rim)


def _draw_traffic_light(variant: int) -> SignFace:
    """Three lamps in a black housing, one of them lit."""
    rim = np.array([(-160, -460), (160, -460), (160, 460), (-160, 460)], float)
    canvas = SignCanvas(320, 920)
    canvas.polygon(rim, _BLACK)
    lit: tuple[RGB, ...] = ((255, 48, 30), (255, 190, 40), (60, 255, 150))
    for lamp, (y, colour) in enumerate(zip((-300, 0, 300), lit, strict=True)):
        canvas.polygon(ellipse(0, y, 128, 128), (12, 12, 13))
        glass = colour if lamp == variant else (52, 46, 44)
        canvas.polygon(ellipse(0, y + 8, 112, 112), glass)
        canvas.polygon(
            np.concatenate([ellipse(0, y, 134, 134, 180, 360), ellipse(0, y + 30, 112, 110, 360, 180)]), _BLACK
        )
    return canvas.face(rim)


_KINDS = {
    "speed-limit": SignKind(0, 2 * len(_SPEEDS), _draw_speed_limit),
    "stop": SignKind(1, 1, _draw_stop),
    "crosswalk": SignKind(2, 2, _draw_crosswalk),
    "traffic-light": SignKind(3, 3, _draw_traffic_light),
    "yield": SignKind(4, 1, _draw_yield),
    "warning": SignKind(5, 6, _draw_warning),
}
NAMES = tuple(_KINDS)


def kind_of(name: str) -> SignKind:
    """Look a sign up by name; the nearest name is offered for a misspelt one.

    Raises :class:`BadOption` for a name that no sign has.
    """
    if name not in _KINDS:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadOption(f"scene road has no sign {name!r}.{hint} Choose one of {', '.join(NAMES)}.")
    return _KINDS[name]


@lru_cache(maxsize=64)
def face_of(name: str, variant: int) -> SignFace:
    """Draw a face once (some 30 ms) and keep it."""
    return kind_of(name).draw(variant)
