"""What can vary between the print and the detector: the options of the Hydra group ``eot``. Imports no torch.

Every default is "nothing varies"; the presets in ``conf/eot`` say what does. A range is ``[low, high]``, drawn
uniformly and independently for every object, because one patch meets many wearers, places and moments.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from physadv.errors import BadOption

if TYPE_CHECKING:
    from physadv.render.eot import EotRenderer


def _none() -> list[float]:
    return [0.0, 0.0]


def _unit() -> list[float]:
    return [1.0, 1.0]


@dataclass
class PlaceConfig:
    """Where the patch is meant to sit on the object's surface (origin at its centre, x right, y down)."""

    x_mm: float = 0.0  # mm right of the surface's centre, of the patch's centre
    y_mm: float = 0.0  # mm below the surface's centre, of the patch's centre
    roll_deg: float = 0.0  # degrees counter-clockwise as seen


@dataclass
class JitterConfig:
    """How far the patch strays from its place. All about the patch's own centre."""

    yaw_deg: list[float] = field(default_factory=_none)  # degrees; positive turns the right edge away
    pitch_deg: list[float] = field(default_factory=_none)  # degrees; positive turns the top edge away
    roll_deg: list[float] = field(default_factory=_none)  # degrees counter-clockwise as seen
    shift_mm: list[float] = field(default_factory=_none)  # mm on the surface, along x and along y alike
    scale: list[float] = field(default_factory=_unit)  # size relative to the printed size
    viewing_distance_mm: float = 2000.0  # mm from eye to patch: the perspective of yaw and pitch on a flat photo


@dataclass
class LightConfig:
    """How the patch's light differs from what the scene says. Acts on the patch only, in linear light."""

    exposure_ev: list[float] = field(default_factory=_none)  # stops: a gain of 2 ** ev
    white_balance: list[float] = field(default_factory=_unit)  # gain of red and of blue, each alone, against green
    contrast: list[float] = field(default_factory=_unit)  # factor about a reflectance of 0.18
    brightness: list[float] = field(default_factory=_none)  # reflectance added, 1 = white: gloss and veil
    saturation: list[float] = field(default_factory=_unit)  # factor about the luminance; 0 = grey


@dataclass
class OpticsConfig:
    """How sharp the patch is seen. The background photo has its own blur already."""

    defocus_px: list[float] = field(default_factory=_none)  # px: Gaussian sigma of the blur


@dataclass
class SensorConfig:
    """Noise on the patch's pixels, of variance ``shot · signal + read`` in linear light (EMVA 1288's model)."""

    shot: list[float] = field(default_factory=_none)  # a: variance per unit of linear signal
    read: list[float] = field(default_factory=_none)  # b: variance in the dark


@dataclass
class KorniaStage:
    """One augmentation of kornia. Geometric ones move the patch, all others act on the finished images."""

    name: str = ""  # class in kornia.augmentation, e.g. RandomGaussianBlur
    args: dict[str, Any] = field(default_factory=dict)  # keyword arguments of that class


@dataclass
class EotConfig:
    """One set of conditions to optimise or evaluate over (expectation over transformation, Athalye et al. 2018)."""

    place: PlaceConfig = field(default_factory=PlaceConfig)  # where the patch is worn
    jitter: JitterConfig = field(default_factory=JitterConfig)  # how it strays from there
    light: LightConfig = field(default_factory=LightConfig)  # how it is lit
    optics: OpticsConfig = field(default_factory=OpticsConfig)  # how sharply it is seen
    sensor: SensorConfig = field(default_factory=SensorConfig)  # how noisily
    quality: str = "fast"  # fast: trilinear, a little sharpened; high: 2×2 sub-samples, for evaluation and pictures
    kornia: list[KorniaStage] = field(default_factory=list)  # further stages, in this order


_BOUNDS = {
    "jitter.yaw_deg": (-80.0, 80.0),
    "jitter.pitch_deg": (-80.0, 80.0),
    "jitter.roll_deg": (-360.0, 360.0),
    "jitter.shift_mm": (-1e6, 1e6),
    "jitter.scale": (1e-3, 1e3),
    "light.exposure_ev": (-10.0, 10.0),
    "light.white_balance": (0.01, 100.0),
    "light.contrast": (0.0, 10.0),
    "light.brightness": (-1.0, 1.0),
    "light.saturation": (0.0, 10.0),
    "optics.defocus_px": (0.0, 32.0),
    "sensor.shot": (0.0, 1.0),
    "sensor.read": (0.0, 1.0),
}
"""What a range may span: beyond it the formula has no meaning (a patch turned by 90° has no area)."""


def check(config: EotConfig) -> None:
    """Raise :class:`BadOption` for a range that is not ``[low, high]`` within what its formula allows."""
    for name, (least, most) in _BOUNDS.items():
        group, option = name.split(".")
        span = list(getattr(getattr(config, group), option))
        if len(span) != 2 or not least <= span[0] <= span[1] <= most:
            raise BadOption(f"eot.{name} must be [low, high] within [{least:g}, {most:g}], got {span}")
    if not config.jitter.viewing_distance_mm > 0:
        raise BadOption(f"eot.jitter.viewing_distance_mm must be positive, got {config.jitter.viewing_distance_mm}")
    if config.quality not in ("fast", "high"):
        raise BadOption(f"eot.quality must be fast or high, got {config.quality!r}")


def ranges(group: object) -> dict[str, tuple[float, float]]:
    """The ranges among the options of one group, by name."""
    values = {option.name: getattr(group, option.name) for option in fields(group)}  # type: ignore[arg-type]
    return {name: (float(v[0]), float(v[1])) for name, v in values.items() if not isinstance(v, float | int)}


def build_renderer(config: EotConfig) -> EotRenderer:
    """Make the renderer, or say which option cannot be."""
    check(config)
    from physadv.render.eot import EotRenderer

    return EotRenderer(config)
