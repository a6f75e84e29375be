"""Where an attack works, in words."""

from __future__ import annotations

import math

import pytest

from physadv.core.errors import BadShape
from physadv.core.types import Score
from physadv.library.metrics.usable_range import usable_range


def scores(*values: float | None) -> list[Score | None]:
    return [None if v is None else Score("success", v, v - 0.2, v + 0.2, 40) for v in values]


@pytest.mark.parametrize(
    ("values", "levels", "words"),
    [
        ((4, 8, 12, 40), (0.9, 0.5, 0.6, 0.1), "4–12 m"),
        ((4, 8, 12, 40), (0.9, 0.9, 0.9, 0.9), "everywhere tested (4–40 m)"),
        ((4, 8), (0.1, 0.49), "nowhere"),
        ((4, 8, 12), (0.1, 0.7, 0.1), "only at 8 m"),
        ((4,), (0.7,), "only at 4 m"),
        ((5, 10, 20, 40), (0.9, None, 0.9, 0.9), "20–40 m"),
        ((5, 10, 20, 40), (0.9, math.nan, 0.9, 0.9), "20–40 m"),
        ((1, 2, 3, 30, 40), (0.9, 0.9, 0.9, 0.2, 0.9), "1–3 m"),
        ((40, 4, 8), (0.1, 0.8, 0.8), "4–8 m"),
        ((), (), "nothing was tested"),
    ],
)
def test_the_longest_run_is_told_in_words(
    values: tuple[float, ...], levels: tuple[float | None, ...], words: str
) -> None:
    assert usable_range(values, scores(*levels), unit="m").words == words


def test_the_longest_run_is_measured_on_the_axis_not_in_points() -> None:
    made = usable_range((1, 2, 3, 10, 20, 50), scores(0.9, 0.9, 0.9, 0.1, 0.9, 0.9), unit="m")
    assert (made.low, made.high) == (20, 50)


def test_the_conservative_range_asks_for_the_low_end() -> None:
    values, made = (4, 8, 12), scores(0.9, 0.8, 0.6)
    assert usable_range(values, made, unit="m").words == "everywhere tested (4–12 m)"
    assert usable_range(values, made, unit="m", conservative=True).words == "4–8 m"


def test_angles_have_a_sign_and_no_space() -> None:
    assert usable_range((-30, 0, 30, 60), scores(0.9, 0.9, 0.9, 0.1), unit="°").words == "−30 to 30°"


def test_values_and_scores_must_be_as_many() -> None:
    with pytest.raises(BadShape, match="2 values and 1 scores"):
        usable_range((1, 2), scores(0.5))
