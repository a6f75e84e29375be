"""Which blocks are a patch: two thresholds on scores, as in Canny 1986, and the soft mask that gradients see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from physadv.core.errors import BadInput
from physadv.parts.defenses.localisation.blocks import means_around

KEPT = 0.8
"""Of the lower threshold: what a block has to score by itself to be masked beside a high one."""

STEEPNESS = 3.0
"""Of the soft mask, in multiples of the lower threshold."""


@dataclass(frozen=True)
class Thresholds:
    """On means of 3 × 3 blocks: a patch is what exceeds ``low`` and holds a block that exceeds ``high``."""

    low: float
    high: float


def fitted(scores: Iterable[Tensor], area: float = 0.005, pictures: float = 0.1) -> Thresholds:
    """The thresholds that this share of the blocks, and of the pictures' highest, of clean pictures exceeds.

    ``scores`` ``(B,1,h,w)`` are a localiser's, of pictures of any sizes. Raises :class:`BadInput` where there are none.
    """
    around = [means_around(batch).detach().cpu() for batch in scores]
    if not around:
        raise BadInput("there is no clean picture to set thresholds on: give photos without patches, 100 or more")
    blocks = torch.cat([batch.flatten() for batch in around])
    peaks = torch.cat([batch.amax((1, 2, 3)) for batch in around])
    low = float(np.quantile(blocks.numpy(), 1 - area))
    return Thresholds(low, max(low, float(np.quantile(peaks.numpy(), 1 - pictures))))


def hard_mask(score: Tensor, thresholds: Thresholds) -> Tensor:
    """``(B,1,h,w)`` scores → 1 where a patch is, else 0; no gradient.

    Means of 3 × 3 blocks find it. They spread it by a block, so that of what was found only blocks stay that score
    :data:`KEPT` of the threshold by themselves, or lie between such.
    """
    with torch.no_grad():
        found = torch.stack([_connected(image, thresholds) for image in means_around(score)[:, 0]])[:, None]
        own = F.max_pool2d((score > KEPT * thresholds.low) * found, 3, 1, 1)  # closed: dilated, then eroded
        return (1 - F.max_pool2d(1 - own, 3, 1, 1)) * found


def soft_mask(score: Tensor, thresholds: Thresholds) -> Tensor:
    """``(B,1,h,w)`` within 0 and 1, one half at the lower threshold: what a gradient sees of :func:`hard_mask`."""
    return torch.sigmoid((means_around(score) / thresholds.low - 1) * STEEPNESS)


def _connected(around: Tensor, thresholds: Thresholds) -> Tensor:
    """``(h,w)``: the connected regions above ``low`` that reach above ``high``."""
    values = around.cpu().numpy()
    above = (values > thresholds.low).astype(np.uint8)
    if not (values > thresholds.high).any():
        return torch.zeros_like(around)
    count, regions = cv2.connectedComponents(above, connectivity=8)
    peaks = np.full(count, -np.inf)
    np.maximum.at(peaks, regions.ravel(), values.ravel())
    peaks[0] = -np.inf  # the background
    return torch.from_numpy((peaks > thresholds.high)[regions]).to(around)
