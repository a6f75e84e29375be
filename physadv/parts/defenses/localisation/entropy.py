"""Local entropy: Tarchoun et al., "Jedi: Entropy-based Localization and Removal of Adversarial Patches", CVPR 2023.

Only its localiser. Jedi then completes the mask with an autoencoder and takes its threshold from each picture; here
masks are completed as every localiser's are, and thresholds come from clean pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from physadv.parts.defenses.localisation.blocks import block_means, means_around

LEVELS = 16
TINY = 1e-9  # inside the logarithm


class EntropyLocaliser:
    """Scores blocks by the entropy, in nats, of the luma in windows of 3 × 3 blocks.

    Every pixel is shared between the two nearest of 16 levels, so that the histogram has a gradient.
    """

    networks: tuple[nn.Module, ...] = ()
    weights = ""

    def localise(self, images: Tensor) -> Tensor:
        """``(B,1,h,w)``, from 0 to log 16."""
        place = images.mean(1, keepdim=True) * (LEVELS - 1)
        shares = [block_means((1 - (place - level).abs()).relu()) for level in range(LEVELS)]
        histogram = means_around(torch.cat(shares, 1))
        return -(histogram * (histogram + TINY).log()).sum(1, keepdim=True)

    def to(self, device: torch.device | str) -> EntropyLocaliser:
        """Itself: it has nothing to move."""
        return self
