"""Alarms are judged at a threshold that was set on other pictures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from physadv.core.errors import BadInput
from physadv.library.metrics.alarms import alarm_scores, auroc, threshold_at
from physadv.library.metrics.interval import clopper_pearson


def test_a_threshold_lets_as_many_clean_pictures_exceed_it_as_allowed() -> None:
    clean = np.random.default_rng(0).permutation(200) / 200
    for rate, allowed in ((0.01, 2), (0.05, 10), (0.0149, 2)):
        threshold = threshold_at(clean, rate)
        assert (clean > threshold).sum() == allowed


def test_ties_never_raise_the_rate() -> None:
    assert (np.array([0.5] * 150) > threshold_at(np.array([0.5] * 150), 0.01)).sum() == 0


def test_too_few_clean_pictures_say_how_many_are_needed() -> None:
    with pytest.raises(BadInput, match=r"1 % needs 100 clean pictures or more.*got 99"):
        threshold_at(np.zeros(99), 0.01)


def test_auroc_counts_pairs_in_order_ties_half() -> None:
    generator = np.random.default_rng(1)
    clean, attacked = generator.integers(0, 9, 40) / 9, generator.integers(3, 12, 30) / 9
    pairs = (attacked[:, None] > clean[None]) + 0.5 * (attacked[:, None] == clean[None])
    score = auroc(clean, attacked)
    assert score.value == pytest.approx(pairs.mean())
    rows, columns = pairs.mean(1), pairs.mean(0)
    half = 1.959964 * np.sqrt(rows.var(ddof=1) / 30 + columns.var(ddof=1) / 40)
    assert score.low == pytest.approx(score.value - half, abs=1e-5)


def test_the_interval_of_a_perfect_alarm_is_no_point() -> None:
    score = auroc(np.zeros(20), np.ones(50))
    assert (score.value, score.high) == (1.0, 1.0)
    assert 0.8 < score.low < 0.9


def test_alarms_and_false_alarms_are_shares_with_exact_intervals() -> None:
    _, alarms, false_alarms = alarm_scores(np.array([0.1] * 99 + [0.9]), np.array([0.9] * 8 + [0.2] * 2), 0.5)
    assert (alarms.value, alarms.n, alarms.higher_is) == (0.8, 10, "safer")
    assert (false_alarms.value, false_alarms.n) == (0.01, 100)
    interval = stats.binomtest(8, 10).proportion_ci(0.95, "exact")
    assert (alarms.low, alarms.high) == pytest.approx((interval.low, interval.high))


def test_without_pictures_there_is_nothing_to_judge() -> None:
    with pytest.raises(BadInput, match="got 0 and 1"):
        alarm_scores(np.zeros(0), np.zeros(1), 0.5)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (7, 10), (990, 1000), (1000, 1000)])
def test_the_exact_interval_is_the_library_s(hits: int, n: int) -> None:
    interval = stats.binomtest(hits, n).proportion_ci(0.998, "exact")
    assert clopper_pearson(hits, n, 0.002) == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert clopper_pearson(0, 0) == (0.0, 1.0)
