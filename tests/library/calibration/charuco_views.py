"""A ChArUco board before a camera whose numbers are known."""

from __future__ import annotations

import cv2
import numpy as np

from physadv.library.calibration.charuco import Squares
from tests.library.fiducials.views import F64, PX_PER_MM, U8, RayCamera, View

SQUARES, SQUARE_MM = Squares(9, 6), 30.0
RAY_CAMERA = RayCamera((960, 720), 65.0, (-0.21, 0.07, 0.0006, -0.0004, 0.0), blur_px=0.5, noise=2.0)


def views(count: int, *, tilted: bool = True, seed: int = 0) -> list[View]:
    """At various places, distances and angles."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        away = rng.uniform(0.28, 0.6)
        lean = 38.0 if tilted else 1.0
        x, y = (rng.uniform(-1, 1) * 0.32 * away, rng.uniform(-1, 1) * 0.22 * away)
        made.append(View((x, y, away), *rng.uniform(-lean, lean, 2), rng.uniform(-30, 30)))
    return made


def sheet() -> tuple[F64, tuple[float, float]]:
    """The board with a margin of a third of a square, and half its size."""
    side = round(SQUARE_MM * PX_PER_MM)
    drawn = cv2.resize(SQUARES.drawn(), (SQUARES.columns * side, SQUARES.rows * side), interpolation=cv2.INTER_AREA)
    margin = side // 3
    framed = np.pad(drawn, margin, constant_values=255).astype(np.float64) * 0.85 + 20
    return framed, (framed.shape[1] / PX_PER_MM / 2, framed.shape[0] / PX_PER_MM / 2)


def pictures(these: list[View], ray_camera: RayCamera = RAY_CAMERA) -> list[U8]:
    board, half_mm = sheet()
    return [ray_camera.sees_sheet(board, half_mm, view) for view in these]
