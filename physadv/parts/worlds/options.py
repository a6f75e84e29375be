"""Options of the worlds. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from physadv.core.errors import BadOption


class SignsShown(StrEnum):
    """Which signs stand at the road."""

    all = "all"
    """Half of them STOP, the others of all sorts that mean go, red ones among them."""
    stop = "stop"
    """Only STOP."""
    go = "go"
    """Only those that mean go."""


@dataclass
class StopGoConfig:
    height_px: int = 64
    width_px: int = 96  # 192 x 320 lets a detector see a sign from 30 m
    signs: SignsShown = SignsShown.all  # all, stop, go
    speed_m_s: list[float] = field(default_factory=lambda: [4.0, 9.0])  # at the begin, lowest and highest
    distance_m: list[float] = field(default_factory=lambda: [22.0, 42.0])  # to the line, at the begin
    standing: float = 0.3  # share of episodes with somebody beside the road
    crossing: float = 0.15  # share with somebody who walks across at the line
    light: float = 1.0  # how much light, its colour and the colours of things vary; 0: one grey noon
    exposure_ev: float = 0.0  # added to every picture's exposure: night and glare as a curve
    field_of_view_deg: float = 42.0  # across the picture
    dashboard: bool = True  # the lowest rows show the speed


@dataclass
class MujocoRoadConfig(StopGoConfig):
    samples: int = 4  # of MuJoCo's antialiasing, a pixel


class DrawnBy(StrEnum):
    """Whose renderer draws the road."""

    physadv = "physadv"
    """Our own."""
    mujoco = "mujoco"
    """MuJoCo's (extra mujoco)."""


@dataclass
class WorldScenesConfig(StopGoConfig):
    """Moments of the road of ``world=stop-go``, an episode each."""

    height_px: int = 192
    width_px: int = 320
    signs: SignsShown = SignsShown.stop  # all, stop, go
    dashboard: bool = False  # the lowest rows show the speed
    drawn_by: DrawnBy = DrawnBy.physadv  # or mujoco
    slot: str = "sign"  # what wears the patch: sign, billboard, shirt
    images: int = 200  # moments in the fixed sweep; judging takes its share of them
    seed: int = 0  # of the fixed sweep


def check_stop_go(config: StopGoConfig) -> None:
    """Raise :class:`BadOption` for numbers with which there is no episode."""
    if config.height_px < 24 or config.width_px < 24:
        raise BadOption(f"the road needs pictures of 24 px or more, got {config.height_px} x {config.width_px}")
    for name, (low, high) in (("speed_m_s", (0, 16)), ("distance_m", (12, 80))):
        pair: list[float] = {"speed_m_s": config.speed_m_s, "distance_m": config.distance_m}[name]
        if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
            raise BadOption(f"world.{name} is [lowest, highest] within {low} and {high}, got {pair}")
    if min(config.standing, config.crossing) < 0 or config.standing + config.crossing > 1:
        raise BadOption(
            "world.standing and world.crossing are shares that add up to 1 at most, "
            f"got {config.standing} and {config.crossing}"
        )
    if not 0 <= config.light <= 2:
        raise BadOption(f"world.light is within 0 and 2, got {config.light}")
    if not 20 <= config.field_of_view_deg <= 100:
        raise BadOption(f"world.field_of_view_deg is within 20 and 100, got {config.field_of_view_deg}")


def check_mujoco_road(config: MujocoRoadConfig) -> None:
    """Raise :class:`BadOption` for numbers with which there is no picture."""
    check_stop_go(config)
    if not 0 <= config.samples <= 16:
        raise BadOption(f"world.samples is within 0 and 16, got {config.samples}")


def check_world_scenes(config: WorldScenesConfig) -> None:
    """Raise :class:`BadOption` for numbers with which there is no picture."""
    check_stop_go(config)
    if config.images < 1:
        raise BadOption(f"scenes.images of world must be 1 or more, got {config.images}")
