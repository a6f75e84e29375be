"""From the print's reflectance to the light of the pixel: one 3×4 matrix per wearer, kept in its three parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

LUMINANCE = (0.2126, 0.7152, 0.0722)  # of linear sRGB, IEC 61966-2-1
GREY = 0.18  # the reflectance that contrast leaves alone


@dataclass(frozen=True, slots=True)
class Tint:
    """``lit = gain · rgb + grey · luminance(rgb) + added · alpha``, for premultiplied linear light.

    Each ``(3,N)`` per wearer. ``grey`` is None where saturation never changes.
    """

    gain: Tensor
    added: Tensor
    grey: Tensor | None

    def along(self, wearer: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Gain, added and grey ``(3,m)`` of each line's ``wearer``."""
        grey = None if self.grey is None else self.grey.index_select(1, wearer)
        return self.gain.index_select(1, wearer), self.added.index_select(1, wearer), grey


def tint(light: Mapping[str, Tensor], irradiance: Tensor, *, saturates: bool) -> Tint:
    """Saturation, contrast and brightness act on the reflectance; the rest multiplies it, as light on paper does.

    ``irradiance`` ``(N,3)`` is the scene's own; exposure and white balance come on top of it.
    """
    red, blue = light["white_balance"].unbind(1)
    balance = torch.stack((red, torch.ones_like(red), blue))
    received = irradiance.T * balance * torch.exp2(light["exposure_ev"])
    contrast, saturation = light["contrast"], light["saturation"]
    added = received * (light["brightness"] + GREY * (1 - contrast))
    if not saturates:
        return Tint(received * contrast, added, None)
    return Tint(received * (contrast * saturation), added, received * (contrast * (1 - saturation)))
