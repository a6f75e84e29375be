"""95 % intervals: Wilson's for shares, the percentile bootstrap for everything that is not a plain share."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from physadv.errors import BadOption
from physadv.metrics.tables import F64

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Wilson's score interval of ``successes / n``; (0, 1) when nothing was tried.

    Holds its coverage at small ``n`` and near 0 and 1, where the textbook interval collapses to a point
    (Wilson 1927; Brown, Cai and DasGupta 2001). ``successes`` may be fractional: a mean over several draws.
    """
    if n < 0 or not 0 <= successes <= n + 1e-9:
        raise BadOption(f"wilson needs 0 <= successes <= n, got successes={successes}, n={n}")
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(max(share * (1 - share), 0.0) / n + z2 / (4 * n * n))
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    high = 1.0 if successes >= n else min(1.0, centre + half)
    return low, high


def resampled_weights(images: int, resamples: int, generator: torch.Generator) -> F64:
    """``(resamples, images)``: how often each image was drawn when drawing ``images`` of them with replacement."""
    picks = torch.randint(max(images, 1), (resamples, images), generator=generator, device=generator.device)
    counts = torch.zeros(resamples, images, dtype=torch.float64, device=generator.device)
    counts.scatter_add_(1, picks, torch.ones_like(picks, dtype=torch.float64))
    return counts.cpu().numpy()


def bootstrap(statistic: Callable[[F64], float], weights: F64) -> tuple[float, float]:
    """The central 95 % of ``statistic`` over resamples of the images.

    ``statistic`` receives one row of :func:`resampled_weights` and may return NaN where the resample holds nothing to
    measure; such rows are left out. ``(nan, nan)`` when none is left.
    """
    values = np.array([statistic(row) for row in weights], dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
