"""Parts of a sweep are disjoint, complete, and runs of neighbours."""

from __future__ import annotations

import itertools

import pytest

from physadv.core.errors import BadOption
from physadv.core.splitting import split_run


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_parts_are_disjoint_and_complete_and_the_same_for_a_seed(share: float) -> None:
    items = list(range(10))
    left, kept = split_run(items, share, seed=3)
    assert len(kept) == round(share * 10)
    assert sorted(left + kept) == items
    assert split_run(items, share, seed=3) == (left, kept)
    assert all((b - a) % 10 == 1 for a, b in itertools.pairwise(kept))


def test_a_share_beyond_the_whole_is_refused() -> None:
    with pytest.raises(BadOption, match=r"between 0 and 1, got 1\.5"):
        split_run([1, 2], 1.5, seed=0)
