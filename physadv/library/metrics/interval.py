"""95 % intervals: Wilson's for shares, widened where objects share photos; the bootstrap over photos for the rest.

Clopper and Pearson's where a share is a guarantee.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.special import betaincinv, stdtrit

from physadv.core.errors import BadOption
from physadv.library.metrics.tables import F64, Bool, Whole

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution
MINIMUM_N = 30  # objects or photos; below this the interval says more than the value


def few(n: int) -> bool:
    """Whether a number rests on too little to be quoted without saying so."""
    return n < MINIMUM_N


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of ``successes / n``; (0, 1) when nothing was tried.

    Holds its coverage at small ``n`` and near 0 and 1, where the textbook interval collapses to a point (Wilson 1927;
    Brown, Cai and DasGupta 2001). ``successes`` may be fractional: a mean over several draws. Raises :class:`BadOption`
    unless 0 ≤ successes ≤ n.
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


def clopper_pearson(successes: float, n: float, error: float = 0.05) -> tuple[float, float]:
    """Clopper and Pearson's exact interval of ``successes / n``, ``error`` of the time wrong at most (1934).

    Never too narrow, where Wilson's may be, so it is for guarantees: each end is wrong half of ``error`` at most.
    (0, 1) when nothing was tried.
    """
    low = float(betaincinv(successes, n - successes + 1, error / 2)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - error / 2)) if successes < n else 1.0
    return low, high


def resampled_weights(images: int, resamples: int, generator: torch.Generator) -> F64:
    """``(resamples, images)``: how often each image was drawn when drawing ``images`` of them with replacement."""
    picks = torch.randint(max(images, 1), (resamples, images), generator=generator, device=generator.device)
    counts = torch.zeros(resamples, images, dtype=torch.float64, device=generator.device)
    counts.scatter_add_(1, picks, torch.ones_like(picks, dtype=torch.float64))
    return counts.cpu().numpy()


def clustered_wilson(true: Bool, cluster_of: Whole, objects: int) -> tuple[float, float]:
    """Wilson's interval of a share whose rows come in clusters: the objects of one photo stand or fall together.

    ``true`` ``(P,)`` in the clusters ``cluster_of`` ``(P,)``; ``objects`` is how many different ones the rows are.
    Wilson gets an effective n: objects by the design effect, which is the variance of the ratio over photos against
    that of a plain share (Kish 1965), and the quantile of Student's t for that few photos (Korn and Graubard 1998).
    Where all rows agree nothing is known of the design effect, and n is the number of photos. Never above ``objects``.
    """
    _, cluster = np.unique(cluster_of, return_inverse=True)
    photos = int(cluster.max(initial=-1)) + 1
    if not photos:
        return 0.0, 1.0
    share = float(true.mean())
    if photos == objects:
        return wilson(share * objects, objects)
    if photos < 2 or share in (0.0, 1.0):
        return wilson(share * photos, photos)
    size = np.bincount(cluster, minlength=photos).astype(np.float64)
    surplus = np.bincount(cluster, true, minlength=photos) - share * size
    variance = photos / (photos - 1) * float(surplus @ surplus) / float(size.sum()) ** 2
    effective = share * (1 - share) * (Z_95 / student_95(photos - 1)) ** 2 / max(variance, 1e-12)
    n = min(float(objects), effective)
    return wilson(share * n, n)


def student_95(freedom: int) -> float:
    """Two-sided 95 % quantile of Student's t."""
    return float(stdtrit(freedom, 0.975))


def studentised(
    value: float, replicates: F64, photos: int, limits: tuple[float, float] = (-math.inf, math.inf)
) -> tuple[float, float]:
    """``value`` plus and minus Student's t times the bootstrap's standard error, cut at ``limits``.

    ``replicates`` is the statistic in every resample of the photos, of which ``photos`` have a part in it. The
    standard error is widened by √(n ÷ (n - 1)), which a resample of so few loses (Efron and Tibshirani 1993, 5.3): of
    a mean this is the textbook's t interval. Percentiles of few photos are too narrow. One photo says nothing:
    ``limits``, or NaN. Where no resample differs and the score lies in [0, 1], Wilson's with n = photos stands in.
    """
    values = replicates[~np.isnan(replicates)]
    if math.isnan(value) or not len(values):
        return math.nan, math.nan
    if photos < 2:
        return (limits[0], limits[1]) if all(map(math.isfinite, limits)) else (math.nan, math.nan)
    error = float(values.std(ddof=1)) * math.sqrt(photos / (photos - 1)) if len(values) > 1 else 0.0
    if error < 1e-12 and limits == (0.0, 1.0):
        return wilson(min(max(value, 0.0), 1.0) * photos, photos)
    half = student_95(photos - 1) * error
    return max(limits[0], value - half), min(limits[1], value + half)


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
    """The central 95 % of ``statistic`` over the resamples of the images, ``weights`` ``(R, I)``.

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
