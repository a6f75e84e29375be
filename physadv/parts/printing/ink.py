"""From what is asked of the printer to what the print looks like: colours of the inks, spread of the dots, the medium.

Dots spread in reflectance, so that step and the medium's work in linear light (Murray and Davies 1936).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from physadv.core.types import PatchImage
from physadv.library.colour.conversion import LUMINANCE, linear_from_srgb, srgb_from_linear
from physadv.library.colour.print_proof import ProofLut
from physadv.parts.printing.icc import load_profile_table
from physadv.parts.printing.options import InkConfig

_REACH = 4.0  # sigmas after which a dot has ended


@dataclass(frozen=True)
class Medium:
    """The surface that carries the ink. Reflectances relative to sRGB's white, linear."""

    saturation: float = 1.0
    white: tuple[float, ...] = (1.0, 1.0, 1.0)
    black: tuple[float, ...] = (0.0, 0.0, 0.0)

    def __call__(self, linear: Tensor) -> Tensor:
        """``(3,h,w)`` linear light on an ideal medium → on this one."""
        luminance = (linear * linear.new_tensor(LUMINANCE).view(3, 1, 1)).sum(0)
        duller = luminance + self.saturation * (linear - luminance)
        white, black = (linear.new_tensor(value).view(3, 1, 1) for value in (self.white, self.black))
        return torch.lerp(black, white, duller)


class Ink(nn.Module):
    """A printing condition. Differentiable; works on the patch's own device and in its own precision."""

    def __init__(self, name: str, proof: ProofLut | None, medium: Medium, spread_mm: float) -> None:
        """``name`` says in words what it is, for the report; without ``proof`` all colours can be printed."""
        super().__init__()
        self.name, self.proof, self.medium, self.spread_mm = name, proof, medium, spread_mm

    def forward(self, patch: PatchImage) -> PatchImage:
        """The print in plain light, white paper being sRGB's white. Alpha stays as it is."""
        srgb = patch.srgb if self.proof is None else self._proof_at(patch)(patch.srgb)
        if self.spread_mm or self.medium != Medium():
            linear = linear_from_srgb(srgb)
            if self.spread_mm:
                sigma = self.spread_mm * patch.srgb.shape[2] / patch.width_mm
                linear = spread(linear, patch.alpha, sigma, wraps=patch.repeats)
            srgb = srgb_from_linear(self.medium(linear))
        return replace(patch, srgb=srgb)

    def printable(self, patch: PatchImage) -> PatchImage:
        """The patch to send to the printer: in its gamut where it was not, and printing as ``patch`` does.

        Spread and medium are the print's own affair: whoever prints it gets them for free.
        """
        if self.proof is None:
            return patch
        return replace(patch, srgb=self._proof_at(patch).printable(patch.srgb.detach()))

    def _proof_at(self, patch: PatchImage) -> ProofLut:
        """The table, moved once to where the patch is."""
        assert self.proof is not None
        if self.proof.cells.device != patch.srgb.device:
            self.proof.to(patch.srgb.device)
        return self.proof


def spread(linear: Tensor, alpha: Tensor, sigma: float, *, wraps: bool = False) -> Tensor:
    """Blur ``(3,h,w)`` over the material by a Gaussian of ``sigma`` texels; across opposite edges if it ``wraps``.

    What lies outside the material, ``(1,h,w)`` alpha, has no ink to give. Exact for texels of one colour each.
    """
    kernel = _kernel(sigma)
    inked = torch.cat((linear * alpha, alpha.to(linear)))
    for dim in (1, 2):
        inked = _blur(inked, kernel, dim, wraps=wraps)
    # far from all material nothing arrives; the colour there is never seen
    return torch.where(inked[3:] > 1e-6, inked[:3] / inked[3:].clamp_min(1e-6), linear)


def _kernel(sigma: float) -> list[float]:
    """How much of a texel's ink ends in the texel so many further on: the Gaussian averaged over both texels."""

    def moved(t: float) -> float:  # second integral of the Gaussian: its second difference averages over two texels
        below = (1 + math.erf(t / sigma / math.sqrt(2))) / 2
        return t * below + sigma * math.exp(-((t / sigma) ** 2) / 2) / math.sqrt(2 * math.pi)

    reach = max(1, math.ceil(_REACH * sigma))
    half = [moved(k + 1) - 2 * moved(k) + moved(k - 1) for k in range(reach + 1)]
    total = half[0] + 2 * sum(half[1:])
    return [weight / total for weight in half]


def _blur(image: Tensor, kernel: list[float], dim: int, *, wraps: bool) -> Tensor:
    """Symmetric convolution of ``(c,h,w)`` along ``dim``; sums of views, which autocast leaves in full precision."""
    reach, size = len(kernel) - 1, image.shape[dim]
    if wraps:
        around = torch.arange(-reach, size + reach, device=image.device) % size
        padded = image.index_select(dim, around)
    else:
        padded = F.pad(image, (0, 0) * (2 - dim) + (reach, reach))
    views = [padded.narrow(dim, start, size) for start in range(2 * reach + 1)]
    total = views[reach] * kernel[0]
    for k in range(1, reach + 1):
        total = total + (views[reach - k] + views[reach + k]) * kernel[k]
    return total


def make_ink(config: InkConfig) -> Ink:
    """The printing condition of options that were checked; a file that cannot be used is refused in a line."""
    proof, name = _colours(config)
    white, black = (tuple(float(v) for v in value) for value in (config.white, config.black))
    medium = Medium(float(config.saturation), white, black)
    if config.spread_mm:
        name += f", dots spread by {config.spread_mm:g} mm"
    if medium != Medium():
        name += f", saturation {config.saturation:g} on a medium of reflectance {max(black):g} to {max(white):g}"
    return Ink(name, proof, medium, float(config.spread_mm))


def _colours(config: InkConfig) -> tuple[ProofLut | None, str]:
    if config.colours == "screen":
        return None, "screen colours"
    if config.colours == "coated-offset":
        return ProofLut.load(), "offset on coated paper (FOGRA39)"
    if config.colours == "table":
        return ProofLut.load(config.path), f"the table {Path(config.path).name}"
    if config.colours == "calibrated":
        return ProofLut.load(config.path), f"as printed and photographed ({Path(config.path).name})"
    table, description = load_profile_table(Path(config.path))
    return ProofLut(table), f"{description} ({Path(config.path).name})"
