"""Which pictures a reader sees, and first of all which one."""

from __future__ import annotations

import pytest

from physadv.engines.judging.exemplars import places


@pytest.mark.parametrize("count", [3, 4, 5, 20, 101])
def test_the_median_object_comes_first_then_best_to_worst(count: int) -> None:
    first, *others = places(count)
    assert first == (round((count - 1) / 2), "typical")
    assert [place for place, _ in others] == sorted(place for place, _ in others)
    assert others[0] == (0, "works best")
    assert others[-1] == (count - 1, "fails")


def test_of_two_the_worse_one_comes_first() -> None:
    assert places(2) == [(1, "fails"), (0, "works best")]
    assert places(1) == [(0, "the only one")]
    assert places(0) == []
