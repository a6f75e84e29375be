"""95 % intervals: Wilson's for shares, the percentile bootstrap for everything that is not a plain share."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from physadv.errors import BadOption
from physadv.metrics.tables import F64, Whole

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution
MINIMUM_N = 30  # below this an interval is an indication: a percentile bootstrap covers too little (Efron 1987)


def few(n: int) -> bool:
    """Whether a number rests on too little to be quoted without saying so."""
    return n < MINIMUM_N


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


def percentiles(replicates: F64) -> tuple[float, float]:
    """The central 95 % of a statistic's values in every resample; resamples that hold nothing (NaN) are left out.

    ``(nan, nan)`` when none is left. Percentile bootstrap (Efron 1979): too narrow when there are few images, and a
    point when the images agree, so it is never quoted without n.
    """
    values = replicates[~np.isnan(replicates)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def bootstrap(statistic: Callable[[F64], float], weights: F64) -> tuple[float, float]:
    """The central 95 % of ``statistic`` over resamples of the images.

    ``statistic`` receives one row of :func:`resampled_weights` and may return NaN where the resample holds nothing to
    measure; see :func:`percentiles`.
    """
    return percentiles(np.array([statistic(row) for row in weights], dtype=np.float64))


def resampled_means(values: F64, image_of: Whole, weights: F64) -> F64:
    """``(R,)`` the mean of ``values`` ``(P,)`` in every resample of the images; NaN where none of them was drawn."""
    images = weights.shape[1]
    drawn = weights @ np.bincount(image_of, minlength=images).astype(np.float64)
    total = weights @ np.bincount(image_of, values, minlength=images)
    means: F64 = np.divide(total, drawn, out=np.full(len(weights), np.nan), where=drawn > 0)
    return means
