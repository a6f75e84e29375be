"""Intervals against numbers that anyone can look up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physadv.errors import BadOption
from physadv.metrics.interval import MINIMUM_N, bootstrap, few, resampled_means, resampled_weights, wilson


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
