"""The weathers of the twin: what sky, sun and lamp send out, in linear sRGB, so that white paper reads below 1."""

from __future__ import annotations

from dataclasses import dataclass

RGB = tuple[float, float, float]
DARK: RGB = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class TwinLight:
    """Radiances of the sky, irradiances of what shines."""

    zenith: RGB  # radiance of the sky overhead
    horizon: RGB  # radiance of the sky near the ground
    sun: RGB = DARK  # irradiance on a plane that faces it
    sun_height_deg: float = 45.0  # above the horizon
    lamp: RGB = DARK  # irradiance on the worn surface from a street lamp above and before it
    exposure: float = 1.0  # picture = exposure · radiance


LIGHTS = {
    "white": TwinLight((0.9, 0.9, 0.9), (0.9, 0.9, 0.9)),  # the same from everywhere: for comparisons
    "overcast": TwinLight((0.95, 1.0, 1.06), (0.75, 0.78, 0.82)),
    "noon": TwinLight((0.16, 0.3, 0.62), (0.5, 0.62, 0.78), (2.3, 2.2, 2.05), 50.0, exposure=1.2),
    "low-sun": TwinLight((0.16, 0.27, 0.5), (0.5, 0.55, 0.6), (2.1, 1.8, 1.35), 14.0, exposure=1.2),
    "evening": TwinLight((0.13, 0.17, 0.3), (0.55, 0.36, 0.22), (1.3, 0.78, 0.4), 5.0, exposure=1.3),
    "lamp": TwinLight((0.006, 0.008, 0.015), (0.02, 0.02, 0.025), lamp=(2.0, 1.55, 0.95)),
}
"""By name. The colours and strengths are assumptions; the gap they leave is what is measured."""
