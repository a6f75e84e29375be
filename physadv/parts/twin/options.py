"""Options of the path-traced twin. Imports neither torch nor Mitsuba."""

from __future__ import annotations

from dataclasses import dataclass, field


def _lights() -> list[str]:
    return ["overcast", "noon", "low-sun", "evening", "lamp"]


@dataclass
class TwinConfig:
    """A scene in metres whose pictures Mitsuba 3 path-traces, with the patch in the scene (extra "twin")."""

    story: str = "sign"  # sign: a stop sign at a road; bottle: a patch round a bottle on a table
    images: int = 24  # pictures in the fixed sweep
    seed: int = 0  # of the fixed sweep
    width_px: int = 384  # picture width
    height_px: int = 288  # picture height
    field_of_view_deg: float = 50.0  # horizontal
    distance_m: list[float] = field(default_factory=list)  # camera to surface, log-uniform; empty: 4-20, or 0.9-2
    yaw_deg: list[float] = field(default_factory=lambda: [-40.0, 40.0])  # of the surface; 0 faces the camera
    lights: list[str] = field(default_factory=_lights)  # taken in turn
    exposure_ev: list[float] = field(default_factory=lambda: [-0.4, 0.4])  # about each light's own exposure
    radius_mm: float = 45.0  # of the bottle
    filter_px: float = 0.5  # standard deviation of the Gaussian pixel filter, from 0.3
    samples: int = 16  # light paths a pixel
    surface_samples: int = 144  # light paths a pixel where the patch is
    bounces: int = 3  # how often a path may be scattered
