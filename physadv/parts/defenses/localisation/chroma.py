"""Slope of opponent colours: patches that were optimised change their colour faster than the world does.

Our own baseline, not of a paper: nothing is trained, so whatever is learned from pictures has to be better. The
opponent axes are those of Hering's theory in their plainest form, red against green and yellow against blue; cameras
and JPEG smooth chroma in everything that they have recorded.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from physadv.parts.defenses.differences import slope
from physadv.parts.defenses.localisation.blocks import block_means


class ChromaLocaliser:
    """Scores blocks by the mean length of the gradient of their colour, in sRGB per pixel."""

    networks: tuple[nn.Module, ...] = ()
    weights = ""

    def localise(self, images: Tensor) -> Tensor:
        """``(B,1,h,w)``, from 0 to about 2."""
        red, green, blue = images.unbind(1)
        return block_means(slope(torch.stack((red - green, (red + green) / 2 - blue), 1)))

    def to(self, device: torch.device | str) -> ChromaLocaliser:
        """Itself: it has nothing to move."""
        return self
