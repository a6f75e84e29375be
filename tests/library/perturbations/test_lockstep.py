"""Minimisers side by side find what each would find alone, and stop when something fails."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from physadv.library.perturbations.lockstep import Function, Vector, minimised

GOALS = np.array([[1.0, 2.0], [-3.0, 0.5], [4.0, 4.0]])


def to_goal(index: int, function: Function) -> Vector:
    return np.asarray(minimize(function, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-2, 2)] * 2).x)


def test_each_finds_its_own_minimum_in_its_box() -> None:
    asked: list[list[int]] = []

    def batch(which: NDArray[np.int64], points: Vector) -> tuple[Vector, Vector]:
        asked.append(which.tolist())
        away = points - GOALS[which]
        return (away**2).sum(1), 2 * away

    ends = minimised(3, to_goal, batch)
    np.testing.assert_allclose(ends, GOALS.clip(-2, 2), atol=1e-6)
    assert asked[0] == [0, 1, 2]
    assert all(which == sorted(which) for which in asked)


def test_what_fails_is_raised_and_nobody_waits_for_ever() -> None:
    def interrupted(which: NDArray[np.int64], points: Vector) -> tuple[Vector, Vector]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimised(3, to_goal, interrupted)

    def broken(index: int, function: Function) -> Vector:
        if index == 1:
            raise ZeroDivisionError
        return to_goal(index, function)

    with pytest.raises(ZeroDivisionError):
        minimised(3, broken, lambda which, points: ((points**2).sum(1), 2 * points))


def test_there_may_be_none() -> None:
    assert minimised(0, to_goal, lambda which, points: (points, points)) == []
