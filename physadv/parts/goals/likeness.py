"""A print that one would wear: near to an artwork in colour and in structure."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from kornia.color import rgb_to_lab
from kornia.metrics import ssim
from torch import Tensor

from physadv.core.types import PatchImage

WINDOW = 7  # texels: what structure is compared in
_FLAT = 1e-6  # so that the root of no difference has a gradient


class Likeness:
    """Mean over the material of

        ΔE / 100 + (1 - SSIM) / 2

    with ΔE the distance in CIELAB (CIE 1976), where 2.3 is just seen (Mahy et al. 1994), and SSIM the structural
    similarity of Wang et al. 2004. 0 for the artwork itself. A patch smaller than the window is compared in
    colour alone.
    """

    name = "likeness"

    def __init__(self, weight: float, artwork: Tensor) -> None:
        """``artwork`` ``(3,h,w)`` sRGB, stretched to the patch."""
        self.weight = weight
        self.artwork = artwork

    def __call__(self, patch: PatchImage) -> Tensor:
        """A weighted scalar with gradient to ``patch.srgb``."""
        colour, structure = self.parts(patch)
        return self.weight * (colour / 100 + (1 - structure) / 2)

    def parts(self, patch: PatchImage) -> tuple[Tensor, Tensor]:
        """The mean ΔE and the mean SSIM over the material."""
        asked = self._fitted(patch)
        share = patch.alpha[0] / patch.alpha.sum().clamp_min(1e-6)
        apart = rgb_to_lab(patch.srgb) - rgb_to_lab(asked)
        colour = (((apart**2).sum(0) + _FLAT).sqrt() * share).sum() - _FLAT**0.5 * share.sum()
        if min(patch.srgb.shape[1:]) < WINDOW:
            return colour, torch.ones_like(colour)
        shown = torch.where(patch.alpha > 0, patch.srgb, asked)
        alike = ssim(shown[None], asked[None], WINDOW)[0].mean(0)
        return colour, (alike * share).sum() + (1 - share.sum())

    def _fitted(self, patch: PatchImage) -> Tensor:
        """The artwork in the patch's texels, on its device."""
        size = tuple(patch.srgb.shape[1:])
        if tuple(self.artwork.shape[1:]) != size or self.artwork.device != patch.srgb.device:
            sized = F.interpolate(self.artwork[None].to(patch.srgb), size, mode="bilinear", antialias=True)
            self.artwork = sized[0].clamp(0, 1)
        return self.artwork
