"""Focal length, centre and distortion from views of a flat board (Zhang 2000), and whether they can be trusted."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.calibration.charuco import BoardView
from physadv.library.calibration.lens_sense import impossible

logger = logging.getLogger(__name__)
F64 = npt.NDArray[np.float64]

MIN_VIEWS, GOOD_VIEWS = 5, 12
MIN_TILT = 0.1  # of the third most tilted view: without perspective the focal length cannot be seen
BAD_RMS_PX, FAIR_RMS_PX = 3.0, 1.0
GOOD_COVERAGE = 0.5  # share of the picture's cells with a corner
FAR_OFF = 3.0  # times the median's rms from which a view is left out
CELLS = (8, 6)
NAMES = ("focal_x_px", "focal_y_px", "centre_x_px", "centre_y_px", "k1", "k2", "p1", "p2", "k3")


@dataclass(frozen=True, eq=False)
class Intrinsics:
    """A calibration."""

    matrix: F64  # (3,3)
    distortion: F64  # (5,) k1 k2 p1 p2 k3
    size_px: tuple[int, int]
    deviations: dict[str, float]  # standard deviation of each parameter
    rms_px: float
    view_rms_px: F64  # (v,)
    residuals_px: tuple[F64, ...]  # (n,2) of each view: found minus projected
    coverage: float  # share of the picture in which there are corners

    @property
    def field_of_view_deg(self) -> float:
        """From left to right, without distortion."""
        return math.degrees(2 * math.atan(self.size_px[0] / 2 / float(self.matrix[0, 0])))


def pick_views(views: Sequence[BoardView], count: int) -> list[BoardView]:
    """The ``count`` views that differ most: each next one is the farthest from all before, by place, size and tilt.

    That is farthest-point sampling (Gonzalez 1985), from the view with most corners on.
    """
    if len(views) <= count:
        return list(views)
    traits = np.array([_traits(view) for view in views])
    traits = traits / np.maximum(traits.std(0), 1e-6)
    chosen = [int(np.argmax([len(view.plane) for view in views]))]
    distance = np.linalg.norm(traits - traits[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(traits - traits[chosen[-1]], axis=1))
    return [views[index] for index in sorted(chosen)]


def _traits(view: BoardView) -> list[float]:
    """Place, size and the two perspective terms."""
    size = np.array(view.size_px)
    middle, spread = view.corners_px.mean(0) / size, view.corners_px.std(0) / size
    homography, _ = cv2.findHomography(view.plane[:, :2], view.corners_px)
    lean = homography[2, :2] / (homography[2] @ [*view.plane[:, :2].mean(0), 1])
    return [*middle.tolist(), *spread.tolist(), *(4 * lean).tolist()]


def calibrate_twice(views: Sequence[BoardView], count: int) -> tuple[Intrinsics, list[BoardView]]:
    """Once with at most ``count`` views, and again without those that are far off: moved, bent or misread.

    Raises :class:`BadInput` as :func:`calibrate` does.
    """
    picked = pick_views(views, count)
    try:
        found = calibrate(picked)
    except BadInput:
        logger.info("the board was seen in %s", ", ".join(view.name for view in picked[:8]))
        raise
    limit = max(FAR_OFF * float(np.median(found.view_rms_px)), 0.5)
    kept = [view for view, rms in zip(picked, found.view_rms_px, strict=True) if rms <= limit]
    if len(kept) in (len(picked), *range(MIN_VIEWS)):
        return found, picked
    logger.info("left out as far off: %s", ", ".join(view.name for view in picked if view not in kept))
    return calibrate(kept), kept


def calibrate(views: Sequence[BoardView]) -> Intrinsics:
    """Solve for nine parameters (Zhang 2000). What is only doubtful is for :func:`doubts`.

    Raises :class:`BadInput` where the views cannot tell a camera, or what comes out is none.
    """
    _check(views)
    size_px = views[0].size_px
    count = np.float32
    solved = cv2.calibrateCameraExtended(
        [view.plane.astype(count) for view in views],
        [view.corners_px.astype(count) for view in views],
        size_px,
        None,
        None,
    )
    rms, matrix, distortion, turns, shifts, deviations, _, view_rms = solved
    if not (np.isfinite(matrix).all() and np.isfinite(distortion).all()) or rms > BAD_RMS_PX:
        raise BadInput(
            f"the views do not fit one camera (rms {rms:.1f} px). Keep zoom and focus fixed, the board flat, and check "
            "that squares=[columns,rows] are those of the board"
        )
    distortion = distortion.ravel()
    residuals = []
    for view, turn, shift in zip(views, turns, shifts, strict=True):
        projected, _ = cv2.projectPoints(view.plane, turn, shift, matrix, distortion)
        residuals.append(view.corners_px - projected.reshape(-1, 2))
    spread = dict(zip(NAMES, deviations.ravel()[: len(NAMES)].tolist(), strict=True))
    found = Intrinsics(
        matrix, distortion, size_px, spread, float(rms), view_rms.ravel(), tuple(residuals), _coverage(views)
    )
    if absurd := impossible(matrix, distortion, size_px, spread["focal_x_px"]):
        raise BadInput(
            f"what came out is no camera: {absurd}. Take more views, tilted by 20 to 45° in all directions, and show "
            "the board in the corners of the picture"
        )
    return found


def _check(views: Sequence[BoardView]) -> None:
    if len(sizes := {view.size_px for view in views}) > 1:
        listed = ", ".join(f"{w}x{h}" for w, h in sorted(sizes))
        raise BadInput(
            f"the pictures have several sizes ({listed}). Use pictures of one camera in one mode, not turned"
        )
    if len(views) < MIN_VIEWS:
        raise BadInput(
            f"the board was found in {len(views)} picture(s); at least {MIN_VIEWS} are needed, 20 are good. "
            "Show more of it: sharp, evenly lit, at least a third of the picture"
        )
    tilts = sorted((view.tilt for view in views), reverse=True)
    if tilts[2] < MIN_TILT:
        raise BadInput(
            "all views are nearly head-on, which does not tell the focal length. Tilt the board by 20 to 45°, "
            "to the left, right, top and bottom"
        )


def doubts(found: Intrinsics, views: Sequence[BoardView]) -> list[str]:
    """Faults to correct, each with its remedy, in one line."""
    said = []
    if len(views) < GOOD_VIEWS:
        said.append(f"only {len(views)} views: take {GOOD_VIEWS} or more")
    if found.rms_px > FAIR_RMS_PX:
        said.append(f"rms of {found.rms_px:.2f} px is large: is the board flat, the focus fixed, the picture sharp?")
    if found.coverage < GOOD_COVERAGE:
        said.append(f"corners cover {found.coverage:.0%} of the picture: show the board in its corners, too")
    width, height = found.size_px
    off = abs(found.matrix[0, 2] - (width - 1) / 2) / width, abs(found.matrix[1, 2] - (height - 1) / 2) / height
    if max(off) > 0.1:
        said.append(
            f"the axis is {max(off):.0%} of the picture off its middle: a cropped picture, or too few tilted views"
        )
    aspect = float(found.matrix[1, 1] / found.matrix[0, 0])
    if abs(aspect - 1) > 0.05:
        said.append(
            f"pixels came out {aspect:.2f} times as wide as high: was the picture stretched, the board printed so?"
        )
    if found.deviations["focal_x_px"] > 0.02 * found.matrix[0, 0]:
        said.append("the focal length is uncertain by more than 2 %: take more tilted views, nearer")
    return said


def _coverage(views: Sequence[BoardView]) -> float:
    scaled = np.concatenate([view.corners_px / view.size_px for view in views])
    cells = np.floor(np.clip(scaled, 0, 0.999) * CELLS).astype(int)
    return len({tuple(cell) for cell in cells.tolist()}) / (CELLS[0] * CELLS[1])
