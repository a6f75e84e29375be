"""Options of the path-traced twin. Imports neither torch nor Mitsuba."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.parts.twin.lights import LIGHTS

STORIES = {"sign": ("stop sign", (4.0, 20.0)), "bottle": ("bottle", (0.9, 2.0))}  # label, distance where none is given


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


def check(config: TwinConfig) -> None:
    """Raise :class:`BadOption` for what cannot be pictured."""
    if config.story not in STORIES:
        raise BadOption(f"scenes.story must be one of {', '.join(STORIES)}, got {config.story!r}.")
    if not config.lights or (unknown := [name for name in config.lights if name not in LIGHTS]):
        raise BadOption(f"scenes.lights must name some of {', '.join(LIGHTS)}, got {unknown if config.lights else []}.")
    spans = {"distance_m": (0.1, 200.0), "yaw_deg": (-75.0, 75.0), "exposure_ev": (-6.0, 6.0)}
    for name, (low, high) in spans.items():
        span = list(getattr(config, name))
        if name == "distance_m" and not span:
            continue
        if len(span) != 2 or not low <= span[0] <= span[1] <= high:
            raise BadOption(f"scenes.{name} must be [low, high] within [{low:g}, {high:g}], got {span}.")
    bounds = {"images": (1, 10**6), "width_px": (64, 4096), "height_px": (64, 4096), "field_of_view_deg": (5, 120),
              "radius_mm": (10, 1000), "filter_px": (0.3, 4), "samples": (1, 65536), "surface_samples": (1, 65536),
              "bounces": (1, 64)}  # fmt: skip
    for name, (low, high) in bounds.items():
        if not low <= getattr(config, name) <= high:
            raise BadOption(f"scenes.{name} must be from {low:g} to {high:g}, got {getattr(config, name)}.")
