"""A smooth patch: a sum of cosines up to a limit, which print, blur and distance leave as it is.

Low frequencies survive where fine ones do not, e.g. Guo et al. 2018 (arXiv:1809.08758).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.parts.patches.grid import mask, size_px, start
from physadv.parts.patches.options import SpectrumConfig

_GAIN = 8.0  # of all cosines together: an attack's step moves colours about as much as on a raster
_DEEPEST = 0.02  # a picture to start from keeps this far from black and white, which a sigmoid never reaches


class Spectrum(nn.Module):
    """Coefficients of a cosine transform (DCT-II); a sigmoid keeps the colours in range and has gradient everywhere.

    The limit is one of the sum: the sigmoid sharpens what is close to black or white a little.
    """

    alpha: Tensor
    down: Tensor
    across: Tensor
    kept: Tensor

    def __init__(self, alpha: Tensor, width_mm: float, cycles_per_100mm: float) -> None:
        """Grey, in the mask ``alpha`` ``(1,h,w)``."""
        super().__init__()
        height_px, width_px = alpha.shape[1:]
        texel_mm = width_mm / width_px
        down, down_cycles = _cosines(height_px, texel_mm, cycles_per_100mm)
        across, across_cycles = _cosines(width_px, texel_mm, cycles_per_100mm)
        kept = torch.hypot(down_cycles[:, None], across_cycles[None, :]) <= cycles_per_100mm  # in every direction
        self.register_buffer("alpha", alpha)
        self.register_buffer("down", down, persistent=False)
        self.register_buffer("across", across, persistent=False)
        self.register_buffer("kept", kept * _GAIN / kept.sum().sqrt(), persistent=False)
        self.coefficients = nn.Parameter(torch.zeros(3, *kept.shape))
        self.width_mm = width_mm

    def forward(self) -> PatchImage:
        """The patch as it stands, by two small matrix products."""
        summed = self.down @ (self.coefficients * self.kept) @ self.across.T
        return PatchImage(summed.sigmoid(), self.alpha, self.width_mm)

    @torch.no_grad()
    def match_(self, srgb: Tensor) -> None:
        """Come as close to ``(3,h,w)`` as the limit allows, in least squares of the sum."""
        wanted = srgb.clamp(_DEEPEST, 1 - _DEEPEST).logit()
        found = (self.down / self.down.square().sum(0)).T @ wanted @ (self.across / self.across.square().sum(0))
        self.coefficients.copy_(torch.where(self.kept > 0, found / self.kept, 0))

    def project_(self) -> None:
        """Nothing to do: whatever the coefficients, the colours lie within (0, 1) and the sum below the limit."""


def _cosines(size_px: int, texel_mm: float, cycles_per_100mm: float) -> tuple[Tensor, Tensor]:
    """Cosines ``(size,n)`` that fit half a period or more, up to the limit, and the cycles on 100 mm of each."""
    per_100mm = 100 / (2 * size_px * texel_mm)  # of the first, half a period long
    count = min(math.floor(cycles_per_100mm / per_100mm + 1e-9) + 1, size_px)
    order = torch.arange(count, dtype=torch.float64)
    place = torch.arange(size_px, dtype=torch.float64) + 0.5
    return torch.cos(math.pi * order * place[:, None] / size_px).float(), (order * per_100mm).float()


def build_spectrum(config: SpectrumConfig) -> Spectrum:
    """Make the spectrum that the options describe; wrong ones are refused one by one."""
    height_px, width_px = size_px(config.width_mm, config.height_mm, config.px_per_100mm)
    if not 0 < config.cycles_per_100mm <= config.px_per_100mm / 2:
        raise BadOption(
            f"patch.cycles_per_100mm must be over 0 and at most half of px_per_100mm={config.px_per_100mm:g}, "
            f"got {config.cycles_per_100mm}."
        )
    alpha = mask(config.shape, height_px, width_px, config.width_mm)
    made = Spectrum(alpha, float(config.width_mm), float(config.cycles_per_100mm))
    if config.init == "random":
        noise = torch.randn(made.coefficients.shape, generator=generator(config.seed or 0, "spectrum"))
        made.coefficients.data.copy_(noise * (made.kept > 0) * 2 / _GAIN)  # a sum of standard deviation 1
    elif config.init != "grey":
        made.match_(start(config.init, config.seed or 0, height_px, width_px))
    return made
