"""Shares of pictures with their intervals, of one net and of several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from physadv.library.metrics.interval import student_95, wilson
from physadv.library.report.pictures.charts import Series


@dataclass(frozen=True)
class Share:
    """A share of pictures; of several nets the mean of theirs."""

    value: float
    low: float  # 95 % interval
    high: float
    n: int  # pictures
    nets: int = 1

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]".replace("%", " %")


def share(flags: Tensor | Sequence[Tensor]) -> Share:
    """Of ``(N,)`` bool, or of one such a net on the same pictures.

    The interval is the wider one of Wilson's over pictures and Student's over nets: pictures differ, and so do nets.
    Without pictures nothing is known: from 0 to 1.
    """
    rows = [flags] if isinstance(flags, Tensor) else list(flags)
    if not len(rows[0]):
        return Share(0.0, 0.0, 1.0, 0, len(rows))
    values, n = [float(row.float().mean()) for row in rows], len(rows[0])
    mean = sum(values) / len(values)
    low, high = wilson(min(max(mean, 0.0), 1.0) * n, n)
    if len(values) > 1:
        half = half_width(values)
        low, high = max(0.0, min(low, mean - half)), min(1.0, max(high, mean + half))
    return Share(mean, low, high, n, len(values))


def series_of(name: str, shares: Sequence[Share], x: Sequence[float] = ()) -> Series:
    """Shares as a line, or as bars."""
    return Series(name, [s.value for s in shares], [s.low for s in shares], [s.high for s in shares], x)


def half_width(values: Sequence[float]) -> float:
    """Half of Student's 95 % interval of the mean; infinite for a single value."""
    n = len(values)
    if n < 2:
        return math.inf
    mean = sum(values) / n
    return student_95(n - 1) * math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
