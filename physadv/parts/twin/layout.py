"""Where everything stands in one picture: camera, worn surface, light and what is around. Plain numbers, no renderer.

World axes in metres: x right, y down, z ahead; the origin is the camera's centre. A surface's own axes are x right and
y down as seen, z into it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from physadv.parts.twin.lights import LIGHTS
from physadv.parts.twin.options import STORIES, TwinConfig

F64 = npt.NDArray[np.float64]
SIGN_MM = 750.0  # across flats: MUTCD R1-1, 30 inches
BOTTLE_MM = 300.0  # of the straight part that can wear a patch
_GOLDEN = (0.7548776662466927, 0.5698402909980532)  # R2 sequence: covers (distance, yaw) evenly with few pictures


@dataclass(frozen=True, eq=False, slots=True)
class TwinCamera:
    """A pinhole at the origin."""

    size_px: tuple[int, int]  # width, height
    field_of_view_deg: float  # horizontal
    axes: F64  # (3, 3) rows: right, down and ahead in the world

    def pixels_from_world(self) -> F64:
        """``(3, 3)`` homogeneous pixels, centres at integers."""
        width, height = self.size_px
        focal = width / 2 / np.tan(np.deg2rad(self.field_of_view_deg) / 2)
        intrinsics = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
        return np.asarray(intrinsics @ self.axes)

    def project(self, points_m: F64) -> F64:
        """World points ``(n, 3)`` in front of the camera → pixels ``(n, 2)``."""
        seen = points_m @ self.pixels_from_world().T
        return np.asarray(seen[:, :2] / seen[:, 2:])


@dataclass(frozen=True, eq=False, slots=True)
class TwinSurface:
    """The surface that wears the patch: a plane, or a cylinder that touches that plane along its y axis."""

    centre_m: F64  # (3,)
    axes: F64  # (3, 3) rows: right, down and into the surface
    radius_mm: float | None = None  # of the cylinder

    def world(self, surface_mm: F64, lift_mm: float = 0.0) -> F64:
        """Points ``(n, 2)`` on the surface (along it, so an arc on a cylinder) → world ``(n, 3)``, lifted off it."""
        x, y = surface_mm.T
        if self.radius_mm is None:
            local = np.stack([x, y, np.full_like(x, -lift_mm)], 1)
        else:
            angle, reach = x / self.radius_mm, self.radius_mm + lift_mm
            local = np.stack([reach * np.sin(angle), y, self.radius_mm - reach * np.cos(angle)], 1)
        return np.asarray(self.centre_m + local @ self.axes / 1000)

    def normals(self, surface_mm: F64) -> F64:
        """``(n, 3)`` unit vectors out of the surface, in the world."""
        angle = np.zeros(len(surface_mm)) if self.radius_mm is None else surface_mm[:, 0] / self.radius_mm
        return np.asarray(np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], 1) @ self.axes)

    def camera_mm(self) -> F64:
        """``(3,)`` the camera in the surface's frame; z < 0 in front of it."""
        return np.asarray(-1000 * self.axes @ self.centre_m)


@dataclass(frozen=True, eq=False, slots=True)
class TwinShot:
    """One picture to be taken."""

    key: str
    story: str
    camera: TwinCamera
    surface: TwinSurface
    light: str  # name in LIGHTS
    sun: F64  # (3,) unit vector towards the sun
    exposure: float  # picture = exposure · radiance
    ground_m: float  # how far below the camera
    seed: int

    def image_from_surface(self) -> F64:
        """``(3, 3)`` millimetres on the (tangent) plane → pixels."""
        right, down, _ = self.surface.axes
        matrix = self.camera.pixels_from_world() @ np.stack([right / 1000, down / 1000, self.surface.centre_m], 1)
        return np.asarray(matrix / matrix[2, 2])

    def distance_m(self) -> float:
        """Camera to the surface's centre."""
        return float(np.linalg.norm(self.surface.centre_m))

    def worn_mm(self) -> F64:
        """``(n, 2)`` points round the part of the surface that can wear a patch."""
        if self.surface.radius_mm is None:
            return octagon(SIGN_MM)
        arc = np.linspace(-1.6, 1.6, 17) * self.surface.radius_mm
        return np.array([(x, side * 0.3 * BOTTLE_MM) for x in arc for side in (-1, 1)])

    def box_px(self) -> F64:
        """``(4,)`` edges of what wears the patch, within the picture."""
        points = self.camera.project(self._silhouette()) + 0.5
        box = np.concatenate([points.min(0), points.max(0)])
        return np.asarray(np.clip(box, 0, np.tile(self.camera.size_px, 2)))

    def _silhouette(self) -> F64:
        if self.surface.radius_mm is None:
            return self.surface.world(octagon(SIGN_MM))
        radius, axis = (
            self.surface.radius_mm,
            self.surface.centre_m + self.surface.axes[2] * self.surface.radius_mm / 1e3,
        )
        turn = np.linspace(0, 2 * np.pi, 65)
        ring = np.stack([np.sin(turn), np.zeros_like(turn), np.cos(turn)], 1) * radius / 1000
        heights = [(-BOTTLE_MM * 0.95, 0.35), (-BOTTLE_MM / 2, 1.0), (BOTTLE_MM / 2, 1.0)]
        return np.concatenate([axis + ring * wide + [0, y / 1000, 0] for y, wide in heights])


def octagon(across_mm: float) -> F64:
    """``(8, 2)`` corners of a regular octagon that stands on a side."""
    angle = np.deg2rad(22.5 + 45 * np.arange(8))
    return np.asarray(across_mm / 2 / np.cos(np.deg2rad(22.5)) * np.stack([np.cos(angle), np.sin(angle)], 1))


def shot(config: TwinConfig, index: int) -> TwinShot:
    """The picture at one place of the sweep: distance and yaw cover their ranges evenly, the rest is drawn."""
    rng = np.random.default_rng([config.seed, index])
    place = (np.array(_GOLDEN) * (index + 1) + 0.5) % 1
    near, far = config.distance_m or STORIES[config.story][1]
    distance = near * (far / near) ** place[0]
    yaw = config.yaw_deg[0] + (config.yaw_deg[1] - config.yaw_deg[0]) * place[1]
    name = config.lights[index % len(config.lights)]
    light = LIGHTS[name]
    stand = _by_the_road if config.story == "sign" else _on_a_table
    camera, surface, ground = stand(config, rng, float(distance), float(yaw))
    bearing = rng.uniform(-1, 1) * np.deg2rad(80) + np.pi  # pi: behind the camera
    height = np.deg2rad(light.sun_height_deg)
    sun = np.array([np.sin(bearing) * np.cos(height), -np.sin(height), np.cos(bearing) * np.cos(height)])
    stops = rng.uniform(config.exposure_ev[0], config.exposure_ev[1])
    return TwinShot(
        f"twin-{config.story}-{index:04d}-{name}", config.story, camera, surface, name, sun,
        float(light.exposure * 2**stops), ground, int(rng.integers(2**31)),
    )  # fmt: skip


def _by_the_road(
    config: TwinConfig, rng: np.random.Generator, distance: float, yaw: float
) -> tuple[TwinCamera, TwinSurface, float]:
    """A sign right of the road, pulled into view where it would stick out of the picture."""
    camera = _camera(config, pitch_deg=rng.uniform(-1, 3), roll_deg=rng.uniform(-1, 1))
    ground, half = rng.uniform(1.2, 1.6), SIGN_MM / 2000
    wide = 0.85 * distance * np.tan(np.deg2rad(config.field_of_view_deg / 2))
    reach_x, reach_y = max(wide - half, 0.0), max(wide * config.height_px / config.width_px - half, 0.0)
    x, up = min(rng.uniform(1.5, 4.0), reach_x), min(rng.uniform(1.8, 2.8) - ground, reach_y)
    centre = np.array([x, -up, np.sqrt(max(distance**2 - x**2 - up**2, 0.25))])
    return camera, TwinSurface(centre, _upright(centre, yaw, rng.uniform(-3, 3))), float(ground)


def _on_a_table(
    config: TwinConfig, rng: np.random.Generator, distance: float, yaw: float
) -> tuple[TwinCamera, TwinSurface, float]:
    """A bottle in the middle of the picture; the table is the ground."""
    camera = _camera(config, pitch_deg=-6.0, roll_deg=rng.uniform(-1, 1))
    centre = distance * np.array([rng.uniform(-0.05, 0.05), 0.08, 1.0])
    centre *= distance / np.linalg.norm(centre)
    return (
        camera,
        TwinSurface(centre, _upright(centre, yaw, 0.0), config.radius_mm),
        float(centre[1] + BOTTLE_MM / 2000),
    )


def _camera(config: TwinConfig, pitch_deg: float, roll_deg: float) -> TwinCamera:
    pitch, roll = np.deg2rad([pitch_deg, roll_deg])
    raised = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    turned = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1.0]])
    return TwinCamera((config.width_px, config.height_px), config.field_of_view_deg, turned @ raised)


def _upright(centre_m: F64, yaw_deg: float, lean_deg: float) -> F64:
    """Axes of a plane that faces the camera's vertical at yaw 0; positive yaw turns its right edge away."""
    turn, lean = np.arctan2(centre_m[0], centre_m[2]) + np.deg2rad(-yaw_deg), np.deg2rad(lean_deg)
    right, down = np.array([np.cos(turn), 0, -np.sin(turn)]), np.array([0.0, 1.0, 0.0])
    leant = np.cos(lean) * right - np.sin(lean) * down, np.sin(lean) * right + np.cos(lean) * down
    return np.stack([*leant, np.cross(*leant)])
