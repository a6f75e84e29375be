"""Options of the Hydra group ``eot``: what can vary between the print and the detector. Imports no torch.

Every default is "nothing varies"; the presets in ``conf/eot`` say what does. A range is ``[low, high]``, drawn
uniformly and independently for every object, because one patch meets many wearers, places and moments.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from physadv.core.errors import BadOption


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
    viewing_distance_mm: float = 2000.0  # mm from camera to patch: the perspective of yaw and pitch on a flat photo


@dataclass
class SurfaceConfig:
    """The surface under the patch. Flat unless said otherwise; the origin is the object's centre, not the patch's."""

    curvature_per_m: list[float] = field(default_factory=_none)  # 1/m of a cylinder: 25 = radius 40 mm, a mug
    breadth_mm: list[float] = field(default_factory=_none)  # mm: of an elliptic section, a trunk; goes with depth_mm
    depth_mm: list[float] = field(default_factory=_none)  # mm: of that section, front to back
    axis_deg: float = 0.0  # of the cylinder or trunk: 0 upright like a torso, 90 lying; counter-clockwise as seen
    folds: list[float] = field(default_factory=_none)  # cloth: rms displacement by folds, as a share of the width
    stretch: list[float] = field(default_factory=_unit)  # cloth: factor along x and along y, each alone
    mesh: str = ""  # OBJ file with UVs, in mm, y up, facing +z, instead of all above; the patch fills its UV square
    cells: int = 12  # facets along the longer side of what is not flat; twice as many with quality high


@dataclass
class CoverConfig:
    """Cover in front of the patch, besides what the scene's own mask says. The scene's picture shows there."""

    arms: list[float] = field(default_factory=_none)  # share of the patch behind an arm, 0 to 0.6


@dataclass
class LightConfig:
    """How the patch's light differs from what the scene says. Acts on the patch only, in linear light."""

    exposure_ev: list[float] = field(default_factory=_none)  # stops: a gain of 2 ** ev
    white_balance: list[float] = field(default_factory=_unit)  # gain of red and of blue, each alone, against green
    temperature_k: list[float] = field(default_factory=lambda: [6500.0, 6500.0])  # K: colour of the light (Planck)
    contrast: list[float] = field(default_factory=_unit)  # factor about a reflectance of 0.18
    brightness: list[float] = field(default_factory=_none)  # reflectance added, 1 = white: veil
    saturation: list[float] = field(default_factory=_unit)  # factor about the luminance; 0 = grey
    key_to_ambient: list[float] = field(default_factory=_none)  # irradiance of sun or lamp against that of the sky
    key_azimuth_deg: list[float] = field(default_factory=lambda: [-60.0, 60.0])  # of the key light; 0 = from the camera
    key_height_deg: list[float] = field(default_factory=lambda: [10.0, 60.0])  # of the key light above the horizon
    shadow: list[float] = field(default_factory=_none)  # share of the key light that a shadow on the patch takes
    shadow_edge_mm: list[float] = field(default_factory=lambda: [10.0, 60.0])  # mm: width of its soft edge
    gloss: list[float] = field(default_factory=_none)  # reflectance added at the peak of the highlight
    gloss_width_deg: list[float] = field(default_factory=lambda: [6.0, 20.0])  # degrees: half width of the highlight


@dataclass
class OpticsConfig:
    """The lens's effect on the patch. The background photo has its own blur already."""

    defocus_px: list[float] = field(default_factory=_none)  # px: Gaussian sigma of the blur
    motion_px: list[float] = field(default_factory=_none)  # px: how far it moves while the shutter is open
    motion_spread_deg: float = 0.0  # of the direction: 0 = away from the image's centre, as seen from a car; 180 = any
    distortion: list[float] = field(default_factory=_none)  # Brown's k1 at the image's corner; negative = barrel
    vignetting: list[float] = field(default_factory=_none)  # share of the light that is lost at the image's corner


@dataclass
class SensorConfig:
    """Noise on the patch's pixels, of variance ``shot · signal + read`` in linear light (EMVA 1288's model)."""

    shot: list[float] = field(default_factory=_none)  # a: variance per unit of linear signal
    read: list[float] = field(default_factory=_none)  # b: variance in the dark
    rolling_shutter: list[float] = field(default_factory=_none)  # px sideways per row: rows are read one by one


@dataclass
class CameraConfig:
    """The camera's work on the whole picture, background and patch alike, after the sensor."""

    exposure_ev: list[float] = field(default_factory=_none)  # stops by which it is exposed otherwise
    white_balance: list[float] = field(default_factory=_unit)  # gain of red and of blue, each alone, against green
    auto_exposure: list[float] = field(default_factory=_none)  # share of the way to a mean of 0.18 that it corrects
    auto_white_balance: list[float] = field(default_factory=_none)  # share of the way to a grey mean
    tone: list[float] = field(default_factory=_unit)  # contrast of the tone curve at mid-grey, 1 = sRGB's own
    demosaic: bool = False  # see through a Bayer pattern
    sharpen: list[float] = field(default_factory=_none)  # unsharp mask: share of the detail that is added
    compression: list[float] = field(default_factory=_none)  # 100 minus the quality; 0 = none
    codec: str = "jpeg"  # jpeg, or h264: a key frame


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
    surface: SurfaceConfig = field(default_factory=SurfaceConfig)  # what it lies on
    cover: CoverConfig = field(default_factory=CoverConfig)  # what is in front of it
    light: LightConfig = field(default_factory=LightConfig)  # how it is lit
    optics: OpticsConfig = field(default_factory=OpticsConfig)  # how sharply it is seen
    sensor: SensorConfig = field(default_factory=SensorConfig)  # how noisily
    camera: CameraConfig = field(default_factory=CameraConfig)  # what becomes of the whole picture
    quality: str = "fast"  # fast: trilinear, a little sharpened; high: 4×4 sub-samples, for evaluation and pictures
    kornia: list[KorniaStage] = field(default_factory=list)  # further stages, in this order


_BOUNDS = {
    "jitter.yaw_deg": (-80.0, 80.0),
    "jitter.pitch_deg": (-80.0, 80.0),
    "jitter.roll_deg": (-360.0, 360.0),
    "jitter.shift_mm": (-1e6, 1e6),
    "jitter.scale": (1e-3, 1e3),
    "surface.curvature_per_m": (-100.0, 100.0),
    "surface.breadth_mm": (0.0, 1e5),
    "surface.depth_mm": (0.0, 1e5),
    "surface.folds": (0.0, 0.2),
    "surface.stretch": (0.5, 2.0),
    "cover.arms": (0.0, 0.6),
    "light.exposure_ev": (-10.0, 10.0),
    "light.white_balance": (0.01, 100.0),
    "light.temperature_k": (1700.0, 20000.0),
    "light.key_to_ambient": (0.0, 20.0),
    "light.key_azimuth_deg": (-180.0, 180.0),
    "light.key_height_deg": (-90.0, 90.0),
    "light.shadow": (0.0, 1.0),
    "light.shadow_edge_mm": (0.1, 1e4),
    "light.gloss": (0.0, 4.0),
    "light.gloss_width_deg": (1.0, 90.0),
    "light.contrast": (0.0, 10.0),
    "light.brightness": (-1.0, 1.0),
    "light.saturation": (0.0, 10.0),
    "optics.defocus_px": (0.0, 32.0),
    "optics.motion_px": (0.0, 64.0),
    "optics.distortion": (-0.5, 0.5),
    "optics.vignetting": (0.0, 0.95),
    "sensor.shot": (0.0, 1.0),
    "sensor.read": (0.0, 1.0),
    "sensor.rolling_shutter": (-1.0, 1.0),
    "camera.exposure_ev": (-10.0, 10.0),
    "camera.white_balance": (0.01, 100.0),
    "camera.auto_exposure": (0.0, 1.0),
    "camera.auto_white_balance": (0.0, 1.0),
    "camera.tone": (0.2, 5.0),
    "camera.sharpen": (0.0, 5.0),
    "camera.compression": (0.0, 99.0),
}
"""The limits of a range: beyond it the formula has no meaning (a patch turned by 90° has no area)."""


def check(config: EotConfig) -> None:
    """Raise :class:`BadOption` for a range that is not ``[low, high]`` within what its formula allows."""
    for name, (low, high) in _BOUNDS.items():
        group, option = name.split(".")
        span = list(getattr(getattr(config, group), option))
        if len(span) != 2 or not low <= span[0] <= span[1] <= high:
            raise BadOption(f"eot.{name} must be [low, high] within [{low:g}, {high:g}], got {span}")
    if not config.jitter.viewing_distance_mm > 0:
        raise BadOption(f"eot.jitter.viewing_distance_mm must be positive, got {config.jitter.viewing_distance_mm}")
    _check_surface(config.surface)
    if not 0 <= config.optics.motion_spread_deg <= 180:
        raise BadOption(f"eot.optics.motion_spread_deg must be from 0 to 180, got {config.optics.motion_spread_deg}")
    if config.camera.codec not in ("jpeg", "h264"):
        raise BadOption(f"eot.camera.codec must be jpeg or h264, got {config.camera.codec!r}")
    if config.quality not in ("fast", "high"):
        raise BadOption(f"eot.quality must be fast or high, got {config.quality!r}")


def _check_surface(surface: SurfaceConfig) -> None:
    bent = [name for name, span in ranges(surface).items() if list(span) != getattr(SurfaceConfig(), name)]
    if surface.mesh and bent:
        raise BadOption(f"eot.surface.mesh takes the place of eot.surface.{bent[0]}: leave one of the two out")
    if not 4 <= surface.cells <= 64:
        raise BadOption(f"eot.surface.cells must be from 4 to 64, got {surface.cells}")
    if bent.count("breadth_mm") != bent.count("depth_mm"):
        there, missing = ("breadth_mm", "depth_mm") if "breadth_mm" in bent else ("depth_mm", "breadth_mm")
        raise BadOption(f"eot.surface.{there} is half of a trunk's section: give eot.surface.{missing} as well")
    if "breadth_mm" not in bent:
        return
    if "curvature_per_m" in bent:
        raise BadOption(
            "eot.surface.curvature_per_m is a cylinder, eot.surface.breadth_mm and depth_mm are a trunk: leave one out "
            "(eot.surface.curvature_per_m=[0,0], or breadth_mm=[0,0] and depth_mm=[0,0])"
        )
    broad, deep = surface.breadth_mm, surface.depth_mm
    if not (broad[0] * 4 >= deep[1] > 0 and deep[0] * 4 >= broad[1]):
        raise BadOption(
            f"eot.surface.breadth_mm={list(broad)} and depth_mm={list(deep)} are no trunk: "
            "neither may be more than four times the other anywhere in its range"
        )


def ranges(group: object) -> dict[str, tuple[float, float]]:
    """The ranges among the options of one group, by name."""
    values = {option.name: getattr(group, option.name) for option in fields(group)}  # type: ignore[arg-type]
    return {name: (float(v[0]), float(v[1])) for name, v in values.items() if not isinstance(v, float | int | str)}
