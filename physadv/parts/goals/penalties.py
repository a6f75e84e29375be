"""Terms that only look at the patch: smoothness and printability. Each is a mean over the material, then weighted."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.library.colour.print_proof import ProofLut


class TotalVariation:
    """Mean absolute difference of neighbouring texels, over pairs that are both material.

    0 for one colour, about 1/3 for noise whatever the size. Sharif et al. 2016 and Thys et al. 2019 sum instead.
    """

    name = "tv"

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def __call__(self, patch: PatchImage) -> Tensor:
        """A weighted scalar with gradient to ``patch.srgb``."""
        srgb, alpha = patch.srgb, patch.alpha
        across = (srgb[:, :, 1:] - srgb[:, :, :-1]).abs().mean(0)
        down = (srgb[:, 1:] - srgb[:, :-1]).abs().mean(0)
        pairs_across = torch.minimum(alpha[0, :, 1:], alpha[0, :, :-1])
        pairs_down = torch.minimum(alpha[0, 1:], alpha[0, :-1])
        pairs = (pairs_across.sum() + pairs_down.sum()).clamp_min(1e-6)
        return self.weight * ((across * pairs_across).sum() + (down * pairs_down).sum()) / pairs


class NonPrintability:
    """Mean distance of a texel to the nearest of a few printable colours: the NPS of Sharif et al. 2016.

    A baseline: it charges printable colours between the inks. We take the nearest ink, as Thys et al. 2019 do, where
    Sharif et al. multiply all distances; the inks are spread over a measured printing condition.
    """

    name = "nps"

    def __init__(self, weight: float, inks: Tensor) -> None:
        """``inks`` ``(k,3)`` sRGB."""
        self.weight = weight
        self.inks = inks

    def __call__(self, patch: PatchImage) -> Tensor:
        """A weighted scalar with gradient to ``patch.srgb``."""
        colours = patch.srgb.flatten(1).T
        with torch.no_grad():  # which ink is nearest has no gradient; only the distance to it does
            inks = self.inks.to(colours)
            squared = inks.square().sum(1) - 2 * colours @ inks.T
            nearest = inks[squared.argmin(1)]
        return self.weight * _mean(torch.linalg.vector_norm(colours - nearest, dim=1), patch.alpha)


class ProofResidual:
    """Mean distance between what is asked of the printer and what it prints, by the soft proof.

    Only needed where the renderer does not proof the patch itself, or to keep the optimum where print changes little.
    """

    name = "proof"

    def __init__(self, weight: float, proof: ProofLut) -> None:
        self.weight = weight
        self.proof = proof

    def __call__(self, patch: PatchImage) -> Tensor:
        """A weighted scalar with gradient to ``patch.srgb``."""
        if self.proof.cells.device != patch.srgb.device:
            self.proof = self.proof.to(patch.srgb.device)
        residual = torch.linalg.vector_norm(patch.srgb - self.proof(patch.srgb), dim=0)
        return self.weight * _mean(residual.flatten(), patch.alpha)


def _mean(values: Tensor, alpha: Tensor) -> Tensor:
    """Mean of ``(h*w,)`` over the material."""
    weight = alpha.flatten()
    return (values * weight).sum() / weight.sum().clamp_min(1e-6)
