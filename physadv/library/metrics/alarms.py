"""How well an alarm tells attacked pictures from clean ones, at a threshold that was set on other clean ones.

A threshold that is set and tried on the same pictures keeps its false-alarm rate by construction; only others say
whether it does.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import rankdata

from physadv.core.errors import BadInput
from physadv.core.types import Score
from physadv.library.metrics.interval import Z_95, clopper_pearson, wilson
from physadv.library.metrics.tables import F64


def threshold_at(clean: F64, rate: float) -> float:
    """The lowest threshold that at most this share of clean pictures' scores exceeds.

    Raises :class:`BadInput` where there are too few to tell: fewer than one alarm's worth.
    """
    allowed = math.floor(rate * len(clean) + 1e-9)
    if allowed < 1:
        needed = math.ceil(1 / rate)
        raise BadInput(
            f"a false-alarm rate of {100 * rate:g} % needs {needed} clean pictures or more to set a threshold on, got "
            f"{len(clean)}. Give more, or allow more false alarms"
        )
    return float(np.sort(clean)[len(clean) - 1 - allowed])


def alarm_scores(clean: F64, attacked: F64, threshold: float) -> tuple[Score, Score, Score]:
    """AUROC; share of attacked pictures with an alarm; share of clean ones with one.

    ``clean`` are other pictures than those on which the threshold was set. Shares have Clopper and Pearson's interval.
    Raises :class:`BadInput` without a picture of either.
    """
    if not len(clean) or not len(attacked):
        raise BadInput(f"an alarm is judged on clean and on attacked pictures, got {len(clean)} and {len(attacked)}")
    return (
        auroc(clean, attacked),
        _share("alarms", attacked > threshold, "safer"),
        _share("false alarms", clean > threshold, "more attacked"),
    )


def auroc(clean: F64, attacked: F64) -> Score:
    """The chance that an attacked picture scores above a clean one, ties half (Mann and Whitney 1947).

    The interval is DeLong's (DeLong, DeLong and Clarke-Pearson 1988); where no pair is out of order, Wilson's for as
    many pairs as the smaller side has pictures.
    """
    n, m = len(attacked), len(clean)
    both = rankdata(np.r_[attacked, clean])
    above = (both[:n] - rankdata(attacked)) / m  # of each attacked picture: the share of clean ones below it
    below = 1 - (both[n:] - rankdata(clean)) / n  # of each clean picture: the share of attacked ones above it
    value = float(above.mean())
    if value in (0.0, 1.0) or min(n, m) < 2:
        low, high = wilson(value * min(n, m), min(n, m))
    else:
        half = Z_95 * math.sqrt(float(above.var(ddof=1)) / n + float(below.var(ddof=1)) / m)
        low, high = max(0.0, value - half), min(1.0, value + half)
    return Score("AUROC", value, low, high, n + m, "safer", n + m)


def _share(name: str, true: np.ndarray, higher_is: str) -> Score:
    hits, n = int(true.sum()), len(true)
    return Score(name, hits / n, *clopper_pearson(hits, n), n, higher_is, n)
