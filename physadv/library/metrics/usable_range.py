"""Where along one axis an attack works: the longest stretch of tested values without a gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from physadv.core.errors import BadShape
from physadv.core.types import Score


@dataclass(frozen=True, slots=True)
class UsableRange:
    """From ``low`` to ``high``, both tested; ``None`` when the attack works nowhere."""

    low: float | None
    high: float | None
    words: str  # "4–12 m", "only at 10 m", "nowhere", "everywhere tested (4–40 m)"


def usable_range(
    values: Sequence[float],
    scores: Sequence[Score | None],
    *,
    unit: str = "",
    at_least: float = 0.5,
    conservative: bool = False,
) -> UsableRange:
    """The longest run of neighbouring ``values`` whose score is at least ``at_least``, with all between them.

    ``conservative`` asks it of the low end of the 95 % interval. A score that is ``None`` or NaN breaks the run.
    Longest is measured on the axis; of equal ones the first. What lies between tested values was not tested. Raises
    :class:`BadShape` unless there is a score a value.
    """
    if len(values) != len(scores):
        raise BadShape(f"a usable range needs a score a value, got {len(values)} values and {len(scores)} scores")
    points = sorted(zip(values, scores, strict=True), key=lambda point: point[0])
    runs, run = list[list[float]](), list[float]()
    for value, score in points:
        level = math.nan if score is None else score.low if conservative else score.value
        if level >= at_least:
            run = [*run, value]
            runs = [*(runs[:-1] if len(run) > 1 else runs), run]
        else:
            run = []
    if not runs:
        return UsableRange(None, None, "nowhere" if points else "nothing was tested")
    best = max(runs, key=lambda run: (run[-1] - run[0], len(run)))
    return UsableRange(best[0], best[-1], _words(best, len(best) == len(points), unit))


def _words(run: Sequence[float], everywhere: bool, unit: str) -> str:
    space = "" if unit in ("", "°", "%") else " "
    if len(run) == 1:
        return f"only at {run[0]:g}{space}{unit}"
    words = (
        f"{_signed(run[0])}–{_signed(run[-1])}{space}{unit}"
        if run[0] >= 0
        else (f"{_signed(run[0])} to {_signed(run[-1])}{space}{unit}")
    )
    return f"everywhere tested ({words})" if everywhere else words


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")
