"""The pinhole camera of the road and the planes it sees.

Metres in the world, pixels (centres at integers) in the image. World axes: x right, y down, z forward along the road;
origin at the camera's optical centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physadv.library.roads.sign_canvas import F64


@dataclass(frozen=True, eq=False, slots=True)
class RoadCamera:
    """Where the picture is taken from."""

    width_px: int
    height_px: int
    focal_px: float
    pixels_from_world: F64  # (3, 3): intrinsics times rotation
    height_m: float  # above the ground

    @classmethod
    def looking_ahead(
        cls, size_px: tuple[int, int], field_of_view_deg: float, height_m: float, pitch_deg: float, roll_deg: float
    ) -> RoadCamera:
        """A level camera raised by ``pitch_deg`` and turned counter-clockwise by ``roll_deg``."""
        width, height = size_px
        focal = width / 2 / np.tan(np.deg2rad(field_of_view_deg) / 2)
        intrinsics = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
        pitch, roll = np.deg2rad(pitch_deg), np.deg2rad(roll_deg)
        raise_up = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
        turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1.0]])
        return cls(width, height, float(focal), intrinsics @ turn @ raise_up, height_m)

    def project(self, points_m: F64) -> F64:
        """World points ``(n, 3)`` → pixels ``(n, 2)``; points must lie in front of the camera."""
        seen = points_m @ self.pixels_from_world.T
        return np.asarray(seen[:, :2] / seen[:, 2:])


@dataclass(frozen=True, eq=False, slots=True)
class Plate:
    """A flat sign in the world."""

    centre_m: F64  # (3,)
    right: F64  # (3,) unit vector along the sign's x
    down: F64  # (3,) unit vector along the sign's y

    @classmethod
    def facing(cls, centre_m: F64, yaw_deg: float, roll_deg: float) -> Plate:
        """Stand upright at ``centre_m`` ``(3,)``; with yaw 0 its normal points at the camera's vertical axis, with roll
        it leans counter-clockwise.
        """
        turn = np.arctan2(centre_m[0], centre_m[2]) + np.deg2rad(yaw_deg)
        right, down = np.array([np.cos(turn), 0, -np.sin(turn)]), np.array([0.0, 1.0, 0.0])
        lean = np.deg2rad(roll_deg)
        return cls(centre_m, np.cos(lean) * right - np.sin(lean) * down, np.sin(lean) * right + np.cos(lean) * down)

    def normal(self) -> F64:
        """Unit vector ``(3,)`` out of the sign's face."""
        return -np.cross(self.right, self.down)

    def camera_mm(self) -> F64:
        """``(3,)`` the camera in millimetres in the frame of the face: along right, down, and into the sign."""
        axes = np.stack([self.right, self.down, -self.normal()])
        return np.asarray(axes @ -self.centre_m * 1000)

    def image_from_surface(self, camera: RoadCamera) -> F64:
        """Homography ``(3, 3)`` from millimetres on the face to pixels, scaled so that its last entry is 1."""
        world_from_mm = np.stack([self.right / 1000, self.down / 1000, self.centre_m], 1)
        matrix = camera.pixels_from_world @ world_from_mm
        return np.asarray(matrix / matrix[2, 2])


def through(homography: F64, points: F64) -> F64:
    """Points ``(n, 2)`` through a homography."""
    mapped = np.concatenate([points, np.ones((len(points), 1))], 1) @ homography.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])
