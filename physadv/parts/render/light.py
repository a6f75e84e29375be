"""From the print's reflectance to the light of the pixel: one 3×4 matrix per wearer, kept in its three parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

GREY = 0.18  # the reflectance that contrast leaves alone
NEUTRAL_K = 6500.0  # the temperature that changes nothing
RGB_FROM_XYZ = (
    (3.2404542, -1.5371385, -0.4985314), (-0.9692660, 1.8760108, 0.0415560), (0.0556434, -0.2040259, 1.0572252),
)  # fmt: skip
"""Linear sRGB of CIE 1931 XYZ, IEC 61966-2-1."""


@dataclass(frozen=True, slots=True)
class Tint:
    """``lit = gain · rgb + grey · luminance(rgb) + added · alpha``, for premultiplied linear light.

    Each ``(3,N)`` per wearer. ``grey`` is None where saturation never changes.
    """

    gain: Tensor
    added: Tensor
    grey: Tensor | None
    received: Tensor  # the light itself: what a white surface would look like

    def along(self, wearer: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Gain, added and grey ``(3,m)`` of each line's ``wearer``."""
        grey = None if self.grey is None else self.grey.index_select(1, wearer)
        return self.gain.index_select(1, wearer), self.added.index_select(1, wearer), grey


def tint(light: Mapping[str, Tensor], irradiance: Tensor, *, saturates: bool) -> Tint:
    """Saturation, contrast and brightness act on the reflectance; the rest multiplies it, as light on paper does.

    ``irradiance`` ``(N,3)`` is the scene's own; exposure, white balance and the light's temperature come on top of it.
    """
    red, blue = light["white_balance"].unbind(1)
    balance = torch.stack((red, torch.ones_like(red), blue)) * planckian(light["temperature_k"])
    received = irradiance.T * balance * torch.exp2(light["exposure_ev"])
    contrast, saturation = light["contrast"], light["saturation"]
    added = received * (light["brightness"] + GREY * (1 - contrast))
    if not saturates:
        return Tint(received * contrast, added, None, received)
    return Tint(received * (contrast * saturation), added, received * (contrast * (1 - saturation)), received)


def planckian(temperature_k: Tensor) -> Tensor:
    """Gains ``(3,N)`` of red, green (always 1) and blue when the light changes from 6500 K to ``temperature_k``.

    Both are black bodies, so that 6500 K itself gives exactly 1: the scene's light is the neutral one, whatever its
    colour. Below 1900 K no sRGB blue is left, which clips at 0.
    """
    x, y = planckian_xy(torch.cat((temperature_k, temperature_k.new_full((1,), NEUTRAL_K))))
    rgb = torch.stack([(r * x + g * y + b * (1 - x - y)) / y for r, g, b in RGB_FROM_XYZ])
    rgb = (rgb / rgb[1]).clamp_min(0)
    return rgb[:, :-1] / rgb[:, -1:]


def planckian_xy(temperature_k: Tensor) -> tuple[Tensor, Tensor]:
    """CIE 1931 chromaticity of a black body, by the rational fit of Krystek (1985) in CIE 1960 u, v.

    One smooth formula; within 0.0004 of Planck's integral from 1700 to 15000 K, within 0.0009 at 20000 K.
    """
    t = temperature_k / 1000
    u = (0.860117757 + (0.154118254 + 0.128641212 * t) * t) / (1 + (0.842420235 + 0.708145163 * t) * t)
    v = (0.317398726 + (0.0422806245 + 0.0420481691 * t) * t) / (1 + (-0.0289741816 + 0.161456053 * t) * t)
    scale = 2 * u - 8 * v + 4
    return 3 * u / scale, 2 * v / scale
