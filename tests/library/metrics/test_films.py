"""Blind runs and first sights of films whose reports are known."""

from __future__ import annotations

import numpy as np
import pytest

from physadv.library.metrics.films import film_scores
from physadv.library.metrics.tables import Truth


def films(*reported: str) -> tuple[Truth, np.ndarray]:
    """One object in one film an image; x where it is reported."""
    frames, count = len(reported[0]), len(reported)
    views = np.arange(frames * count)
    image = views // frames
    truth = Truth(
        image, views, image, np.tile([0.0, 0, 9, 9], (len(views), 1)), 0 * views, views >= 0, views < 0
    )  # fmt: skip
    return truth, np.array([mark == "x" for film in reported for mark in film])


def scores(*reported: str, watched: np.ndarray | None = None) -> dict[str, tuple[float, int]]:
    truth, found = films(*reported)
    counts = np.ones_like(found) if watched is None else watched
    weights = np.ones((4, len(reported)))
    return {one.name: (one.value, one.n) for one in film_scores(truth, found, counts, len(reported[0]), weights)}


def test_the_example_of_the_docstring() -> None:
    assert scores("--x---") == {"blind run": (3, 1), "first seen": (2, 1)}


def test_films_are_averaged_and_never_seen_is_all_of_them() -> None:
    found = scores("xxxx", "----", "-xx-")
    assert found["blind run"] == found["first seen"]
    assert found["blind run"] == (pytest.approx(5 / 3), 3)


def test_only_films_count_in_which_the_object_was_there_to_be_seen() -> None:
    watched = films("----", "--x-")[1]
    assert scores("----", "x---", watched=watched) == {"blind run": (3, 1), "first seen": (0, 1)}
    assert scores("----", watched=np.zeros(4, bool)) == {}
