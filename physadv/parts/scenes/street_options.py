"""Options of the drawn street. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from physadv.core.errors import BadOption

STANCES = ("walk", "stand", "cross-arms", "hold", "phone", "hips", "carry")


@dataclass
class StreetConfig:
    """A street in metres with people drawn by code; one of them wears the patch on the chest."""

    images: int = 320  # pictures in the fixed sweep; judging takes its share of them
    seed: int = 0  # of the fixed sweep
    width_px: int = 640  # picture width
    height_px: int = 384  # picture height
    field_of_view_deg: float = 60.0  # horizontal
    camera_height_m: list[float] = field(default_factory=lambda: [1.2, 2.0])  # above the pavement
    pitch_deg: list[float] = field(default_factory=lambda: [-5.0, 1.0])  # of the camera; positive looks up
    distance_m: list[float] = field(default_factory=lambda: [2.5, 12.0])  # camera to the print, log-uniform
    yaw_deg: list[float] = field(default_factory=lambda: [-45.0, 45.0])  # 0 faces the camera; triangular, peak halfway
    stances: list[str] = field(default_factory=lambda: list(STANCES))  # of the wearer, each as often as the others
    exposure_ev: list[float] = field(default_factory=lambda: [-1.0, 0.5])  # 0: white in full light is just white
    temperature_k: list[float] = field(default_factory=lambda: [4500.0, 8500.0])  # of the light, 6500 is neutral
    others: list[int] = field(default_factory=lambda: [0, 3])  # other people, who never wear the patch
    occluded: float = 0.2  # share of the pictures in which a pole or somebody may stand before the wearer
    blur_px: list[float] = field(default_factory=lambda: [0.4, 0.8])  # standard deviation of the optics
    noise: list[float] = field(default_factory=lambda: [0.002, 0.012])  # read and shot noise, in linear light at white


def check_street(config: StreetConfig) -> None:
    """Raise :class:`BadOption` for ranges that are not ordered, or that no street can give."""
    ranges = {
        "camera_height_m": (0.3, 4.0), "pitch_deg": (-6.0, 6.0), "distance_m": (1.2, 60.0), "yaw_deg": (-80.0, 80.0),
        "exposure_ev": (-8.0, 4.0), "temperature_k": (1500.0, 20000.0), "others": (0, 12), "blur_px": (0.0, 4.0),
        "noise": (0.0, 0.2),
    }  # fmt: skip
    for name, (low, high) in ranges.items():
        values = getattr(config, name)
        if len(values) != 2 or not all(math.isfinite(v) for v in values) or not low <= values[0] <= values[1] <= high:
            raise BadOption(f"scenes.{name} must be [low, high] within [{low:g}, {high:g}], got {list(values)}.")
    for name, minimum in (("images", 1), ("width_px", 64), ("height_px", 64)):
        if getattr(config, name) < minimum:
            raise BadOption(f"scenes.{name} must be at least {minimum}, got {getattr(config, name)}.")
    if not 20 <= config.field_of_view_deg <= 100:
        raise BadOption(f"scenes.field_of_view_deg must be between 20 and 100, got {config.field_of_view_deg}.")
    if not 0 <= config.occluded <= 1:
        raise BadOption(f"scenes.occluded must be a share from 0 to 1, got {config.occluded}.")
    unknown = [stance for stance in config.stances if stance not in STANCES]
    if unknown or not config.stances:
        said = f"unknown {unknown[0]!r}" if unknown else "none"
        raise BadOption(f"scenes.stances takes some of {', '.join(STANCES)}; got {said}.")
