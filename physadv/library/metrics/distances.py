"""How far a picture is from the clean one, in the norms of the literature and as structural similarity."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from kornia.metrics import ssim
from torch import Tensor

from physadv.core.errors import BadShape
from physadv.core.types import Score, expect
from physadv.library.metrics.interval import resampled_means, studentised
from physadv.library.metrics.tables import F64, Whole

CHANGED = 1 / 510  # half a code of 8 bits: less is lost when a picture is saved
WINDOW = 11  # taps of SSIM's Gaussian, sigma 1.5 px
LUMA = (0.299, 0.587, 0.114)  # of sRGB codes (ITU-R BT.601): the grey picture that SSIM was made for


@torch.no_grad()
def image_distances(clean: Tensor, other: Tensor, sizes_px: Tensor | None = None) -> dict[str, Tensor]:
    """``(B,)`` each, on the images' device, from ``(B,3,H,W)`` sRGB in [0, 1]; nothing is read back.

    L0: share of pixels of which a channel changed by more than 1/510. L1: mean absolute change. L2: Euclidean norm over
    all pixels and channels, as attacks bound it (Szegedy et al. 2014): it grows with the picture. Linf: largest change.
    SSIM (Wang et al. 2004): mean over the windows of 11 px that lie inside, on luma; NaN for smaller pictures.
    ``sizes_px`` ``(B, 2)``, height and width, says which part is picture and not padding. Raises :class:`BadShape`
    where the two differ in shape.
    """
    expect("clean", clean, ("B", 3, "H", "W"))
    if other.shape != clean.shape:
        raise BadShape(f"both pictures must have one shape, got {tuple(clean.shape)} and {tuple(other.shape)}")
    inside = _inside(clean, sizes_px, 0)
    change = (other - clean).abs().float() * inside
    largest = change.amax(1, keepdim=True)
    pixels = inside.sum((1, 2, 3))
    return {
        "L0": (largest > CHANGED).sum((1, 2, 3)) / pixels,
        "L1": change.sum((1, 2, 3)) / (3 * pixels),
        "L2": change.square().sum((1, 2, 3)).sqrt(),
        "Linf": largest.amax((1, 2, 3)),
        "SSIM": _ssim(clean, other, sizes_px),
    }


def _ssim(clean: Tensor, other: Tensor, sizes_px: Tensor | None) -> Tensor:
    if min(clean.shape[2:]) < WINDOW:
        return torch.full((len(clean),), math.nan, device=clean.device)
    grey = [sum(w * image[:, i : i + 1].float() for i, w in enumerate(LUMA)) for image in (clean, other)]
    margin = WINDOW // 2
    centred = _inside(clean, sizes_px, margin)[:, :, margin:-margin, margin:-margin]
    similar: Tensor = ssim(*grey, WINDOW, eps=0.0, padding="valid") * centred
    return similar.sum((1, 2, 3)) / centred.sum((1, 2, 3))


def _inside(images: Tensor, sizes_px: Tensor | None, margin: int) -> Tensor:
    """``(B,1,H,W)`` 1 where a pixel is picture, ``margin`` away from the right and lower edge; float."""
    height, width = images.shape[2:]
    if sizes_px is None:
        return torch.ones(len(images), 1, height, width, device=images.device)
    rows, columns = (torch.arange(side, device=images.device) for side in (height, width))
    down, across = (sizes_px[:, axis, None, None, None] - margin for axis in (0, 1))
    return ((rows[:, None] < down) & (columns < across)).float()


def distance_scores(columns: Mapping[str, F64], image_of_view: Whole, weights: F64) -> tuple[Score, ...]:
    """Means over images of :func:`image_distances`, with the bootstrap over images; ``n`` counts images.

    Columns and ``image_of_view`` are ``(V,)``, ``weights`` ``(R,I)``.

    A distance that is NaN for a picture is left out. An attack that needs less change is the stronger one, so a longer
    distance is "safer".
    """
    made = []
    for name, values in columns.items():
        known = np.isfinite(values)
        replicates = resampled_means(values[known], image_of_view[known], weights)
        n = len(np.unique(image_of_view[known]))
        value = float(values[known].mean()) if n else math.nan
        limits = (-1.0, 1.0) if name == "SSIM" else (0.0, math.inf)
        interval = studentised(value, replicates, n, limits)
        made.append(Score(name, value, *interval, n, "more attacked" if name == "SSIM" else "safer"))
    return tuple(made)
