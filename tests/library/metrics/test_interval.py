"""Intervals against numbers that anyone can look up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.types import Score
from physadv.library.metrics.differences import difference
from physadv.library.metrics.interval import (
    MINIMUM_N,
    bootstrap,
    clustered_wilson,
    few,
    resampled_means,
    resampled_weights,
    studentised,
    wilson,
)


def test_wilson_reproduces_published_values() -> None:
    # Newcombe 1998, table I, score method: 81/263, 15/148, 0/20, 1/29
    for successes, n, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
    ):  # fmt: skip
        assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_knows_nothing_without_trials() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilson_is_symmetric() -> None:
    low, high = wilson(3, 10)
    assert wilson(7, 10) == pytest.approx((1 - high, 1 - low))


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(BadOption, match="successes=4, n=3"):
        wilson(4, 3)


def test_every_resample_draws_as_many_images_as_there_are() -> None:
    weights = resampled_weights(7, 50, torch.Generator().manual_seed(0))
    assert weights.shape == (50, 7)
    assert (weights.sum(1) == 7).all()
    assert np.array_equal(weights, resampled_weights(7, 50, torch.Generator().manual_seed(0)))


def test_the_bootstrap_of_a_mean_has_the_textbook_width() -> None:
    values = np.random.default_rng(0).normal(size=400)
    weights = resampled_weights(400, 2000, torch.Generator().manual_seed(1))
    low, high = bootstrap(lambda row: float(row @ values / row.sum()), weights)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / math.sqrt(400), rel=0.08)


def test_resamples_without_anything_to_measure_are_left_out() -> None:
    assert bootstrap(lambda row: math.nan if row[0] == 0 else 1.0, np.eye(2)) == (1.0, 1.0)
    assert all(math.isnan(v) for v in bootstrap(lambda _: math.nan, np.eye(2)))


def test_means_of_resamples_are_those_of_the_drawn_images() -> None:
    values, image = np.array([1.0, 3.0, 8.0]), np.array([0, 0, 2])
    weights = np.array([[1.0, 1, 1], [0, 3, 0], [1, 0, 2]])
    assert resampled_means(values, image, weights) == pytest.approx([4.0, math.nan, 5.0], nan_ok=True)


def test_fewer_than_thirty_are_few() -> None:
    assert few(MINIMUM_N - 1)
    assert not few(MINIMUM_N)


def test_objects_that_share_photos_widen_the_interval() -> None:
    photo = np.repeat(np.arange(10), 5)
    alike = np.repeat(np.arange(10) % 2 == 0, 5)
    mixed = np.tile([True, False, True, False, True], 10)
    low, high = clustered_wilson(alike, photo, 50)
    assert (low, high) == pytest.approx(wilson(5, 10), abs=0.08)  # ten photos, whatever is on them
    assert high - low > 1.8 * (wilson(25, 50)[1] - wilson(25, 50)[0])
    assert clustered_wilson(mixed, photo, 50)[0] > wilson(6, 10)[0]


def test_one_object_a_photo_is_plain_wilson_and_agreement_counts_photos() -> None:
    true = np.array([True, True, False, True])
    assert clustered_wilson(true, np.arange(4), 4) == wilson(3, 4)
    assert clustered_wilson(np.ones(12, bool), np.arange(12) // 4, 12) == wilson(3, 3)
    assert clustered_wilson(np.ones(6, bool), np.arange(3).repeat(2), 3) == wilson(3, 3)  # two draws of three objects
    assert clustered_wilson(np.zeros(0, bool), np.zeros(0, int), 0) == (0.0, 1.0)


def test_shares_of_few_photos_hold_what_they_promise() -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        size = rng.integers(1, 9, 5)
        photo = np.repeat(np.arange(5), size)
        true = rng.random(len(photo)) < rng.beta(1.2, 1.2, 5)[photo]
        low, high = clustered_wilson(true, photo, len(photo))
        held += low <= 0.5 <= high
    assert held / 400 > 0.9


def test_the_interval_of_a_mean_is_the_textbook_s() -> None:
    values = np.array([0.2, 0.5, 0.4, 0.9, 0.6])
    weights = resampled_weights(5, 4000, torch.Generator().manual_seed(0))
    low, high = studentised(float(values.mean()), weights @ values / 5, 5)
    half = 2.776 * values.std(ddof=1) / 5**0.5
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_no_spread_and_one_photo_are_not_certainty() -> None:
    same = np.zeros(50)
    assert studentised(0.0, same, 6, (0.0, 1.0)) == wilson(0, 6)
    assert studentised(0.0, same, 1, (0.0, 1.0)) == (0.0, 1.0)
    assert all(map(math.isnan, studentised(0.0, same, 1)))
    assert studentised(0.98, np.linspace(0.9, 1.0, 50), 6, (0.0, 1.0))[1] == 1.0


def test_two_shares_differ_by_no_more_than_one() -> None:
    one, other = Score("success", 1.0, 0.4, 1.0, 3, photos=3), Score("success", 0.6, 0.2, 0.9, 3, photos=3)
    replicates = np.array([1.0, 1.0, 1.0]), np.array([0.3, 1.0, 0.6])
    made = difference(one, other, *replicates, "grey")
    assert -1.0 <= made.low < made.value < made.high == 1.0
