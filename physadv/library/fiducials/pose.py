"""Distance and angles of a board, from the corners of all its tags."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.types import Pose
from physadv.library.fiducials.camera import CalibratedCamera
from physadv.library.fiducials.find import MIN_TAGS, DetectedBoard

F64 = npt.NDArray[np.float64]


def pose_of(sighting: DetectedBoard, camera: CalibratedCamera) -> Pose | None:
    """How the board is seen, along the line of sight to its centre: panning the camera changes no angle.

    A plane has two poses that look nearly alike (Collins and Bartoli 2014, IPPE); both are refined on all corners
    (Levenberg-Marquardt), the better one is taken; ``None`` where fewer than two tags agree, or no pose lies before the
    camera. Distances are in metres, angles in degrees; they compose as roll · yaw · pitch, as in ``eot.jitter``.
    """
    if len(sighting.ids) < MIN_TAGS:
        return None
    corners_mm = {tag.id: tag.corners_mm for tag in sighting.board.tags}
    plane = np.array([[x, y, 0.0] for number in sighting.ids for x, y in corners_mm[number]]) / 1000
    seen = sighting.corners_px.reshape(-1, 2)
    lens = camera.matrix, camera.distortion if len(camera.distortion) else None
    count, turns, shifts, errors = cv2.solvePnPGeneric(plane, seen, *lens, flags=cv2.SOLVEPNP_IPPE)
    solved = []
    for turn, shift in zip(turns[:count], shifts[:count], strict=True):
        turn, shift = cv2.solvePnPRefineLM(plane, seen, *lens, turn, shift)
        rms = _reprojection_px(plane, seen, turn, shift, lens)
        if math.isfinite(rms) and shift[2, 0] > 0:
            solved.append((rms, cv2.Rodrigues(turn)[0], shift[:, 0]))
    if not solved:
        return None
    rms, rotation, place = min(solved, key=lambda solution: solution[0])
    first, second = sorted(float(e) for e in np.ravel(errors)[:2]) if count > 1 else (0.0, 1.0)
    yaw, pitch, roll = _angles(_facing(place) @ rotation)
    ambiguity = first / second if second > 1e-9 else 1.0
    return Pose(float(np.linalg.norm(place)), yaw, pitch, roll, rms, ambiguity, len(sighting.ids))


def _reprojection_px(plane: F64, seen: F64, turn: F64, shift: F64, lens: tuple[F64, F64 | None]) -> float:
    projected, _ = cv2.projectPoints(plane, turn, shift, *lens)
    return float(np.sqrt(np.square(projected.reshape(-1, 2) - seen).sum(1).mean()))


def _facing(place: F64) -> F64:
    """The smallest turn of the camera that looks straight at ``place`` (Rodrigues' formula)."""
    x, y, z = place / np.linalg.norm(place)
    skew = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0.0]])  # of the axis from (x, y, z) to (0, 0, 1)
    turned: F64 = np.eye(3) + skew + skew @ skew / (1 + z)
    return turned


def _angles(rotation: F64) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees."""
    yaw = math.asin(min(max(rotation[2, 0], -1.0), 1.0))
    pitch = math.atan2(-rotation[2, 1], rotation[2, 2])
    roll = math.atan2(-rotation[1, 0], rotation[0, 0])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)
