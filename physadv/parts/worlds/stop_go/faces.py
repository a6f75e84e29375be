"""Faces of the things at the road: signs, billboards, people; drawn in millimetres from their middles."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from physadv.library.roads.sign_canvas import F64, RGB, SignCanvas, SignFace, ellipse
from physadv.library.roads.signs import face_of

_RED: RGB = (186, 24, 34)
_WHITE: RGB = (236, 236, 232)
_BLUE: RGB = (18, 72, 158)
_SKIN: RGB = (196, 150, 122)
_DARK: RGB = (38, 40, 46)
_CLOTH: tuple[RGB, ...] = ((70, 90, 130), (150, 40, 46), (96, 104, 92))
BOARD_SCALE = 4.0  # billboards are drawn at a quarter of their size
_HALF = 2.0  # people and poles at half of it
STOP, POLE, MAST = 0, 1, 18
GO_SIGNS = (2, 3, 4, 5, 6, 7, 8, 9)
"""Limits (red rings), warnings (yellow), blue disc, red board, red disc with a blue ground: all mean go."""
BYSTANDER_SIGNS = (2, 4, 6, 7, 8, 9, 10)
BILLBOARDS = (11, 12, 13, 14)
PEOPLE = (15, 16, 17)
LABEL_OF_FACE = (1, 6, 0, 0, 5, 5, 6, 6, 6, 0, 4, 7, 7, 7, 7, 8, 8, 8, 6)
"""Face → into :data:`LABELS`."""
LABELS = (
    "speed limit", "stop sign", "crosswalk", "traffic light", "yield", "warning", "sign", "billboard", "person",
)  # fmt: skip
SCALE_OF_FACE = (1.0, _HALF, 1.25, 1.25, 1.0, 1.0, 1.0, 1.0, 1.0, 1.25, 1.0, *([BOARD_SCALE] * 4), *([_HALF] * 4))
"""By which a drawn millimetre is larger at the road: limits are 750 mm wide."""


@lru_cache(maxsize=1)
def all_faces() -> tuple[SignFace, ...]:
    """In the order of the numbers above; drawn once, in half a second."""
    limits = [face_of("speed-limit", variant) for variant in (1, 4, 6)]
    warnings = [face_of("warning", variant) for variant in (0, 2)]
    signs = (face_of("stop", 0), _pole(60, 3000), *limits[:2], *warnings, _blue_disc(), _red_board(), _no_parking(),
             limits[2], face_of("yield", 0))  # fmt: skip
    return (
        *signs,
        *(_billboard(which) for which in range(4)),
        *(_person(which) for which in range(3)),
        _pole(240, 3600),
    )


def _square(half_width: float, half_height: float) -> F64:
    return np.array([(-half_width, -half_height), (half_width, -half_height), (half_width, half_height),
                     (-half_width, half_height)])  # fmt: skip


def _pole(width_mm: float, height_mm: float) -> SignFace:
    """Taller than any that stands; the ground cuts it off."""
    canvas, rim = SignCanvas(width_mm / _HALF, height_mm / _HALF), _square(width_mm / 4, height_mm / 4)
    canvas.polygon(rim, (128, 130, 132))
    return canvas.face(rim)


def _blue_disc() -> SignFace:
    canvas, rim = SignCanvas(750, 750), ellipse(0, 0, 375, 375)
    canvas.polygon(rim, _WHITE)
    canvas.polygon(rim * 0.95, _BLUE)
    canvas.polygon(np.array([(-45, 230), (45, 230), (45, -60), (130, -60), (0, -250), (-130, -60), (-45, -60)]), _WHITE)
    return canvas.face(rim)


def _red_board() -> SignFace:
    """The arrow of a bend, white on red: as red as STOP."""
    canvas = SignCanvas(700, 700)
    canvas.polygon(_square(345, 345), _RED)
    canvas.polygon(np.array([(-190, -345), (10, -345), (270, 0), (10, 345), (-190, 345), (70, 0)]), _WHITE)
    return canvas.face(_square(345, 345))


def _no_parking() -> SignFace:
    canvas, rim = SignCanvas(750, 750), ellipse(0, 0, 375, 375)
    canvas.polygon(rim, _RED)
    canvas.polygon(rim * 0.8, _BLUE)
    canvas.stroke(np.array([(-215.0, -215.0), (215.0, 215.0)]), 75, _RED)
    return canvas.face(rim)


def _billboard(which: int) -> SignFace:
    ground, ink = ((_RED, _WHITE), (_BLUE, (240, 200, 40)), ((36, 110, 60), _WHITE), (_WHITE, _RED))[which]
    canvas, rim = SignCanvas(742, 492), _square(371, 246)
    canvas.polygon(rim, ground)
    canvas.polygon(np.array([(-371, 246), (-371, 40), (-60, -246), (120, -246)]), ink)
    for y, width in ((40, 200), (130, 140)):
        canvas.polygon(_square(width, 30) + np.array([330 - width, y]), ink)
    return canvas.face(rim)


def _person(which: int) -> SignFace:
    """1.8 m tall, seen from the front, in mid-stride."""
    canvas, cloth = SignCanvas(380, 900), _CLOTH[which]
    spread = (35, 65, 50)[which]
    for side in (-1, 1):
        canvas.stroke(np.array([(side * 40.0, 30.0), (side * spread, 240.0), (side * (spread + 5), 440.0)]), 75, _DARK)
        canvas.stroke(np.array([(side * 117.0, -260.0), (side * 145.0, -100.0), (side * 135.0, 30.0)]), 47, cloth)
        canvas.polygon(ellipse(side * 134, 45, 22, 30), _SKIN)
    canvas.polygon(_square(107, 165) + np.array([0, -130]), cloth)
    canvas.polygon(ellipse(0, -365, 52, 67), _SKIN)
    canvas.polygon(ellipse(0, -395, 56, 45, 180, 360), _DARK)
    return canvas.face(_square(190, 450))
