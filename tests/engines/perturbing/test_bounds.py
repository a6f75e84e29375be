"""Bounds are read as people write them, and asked back in the wrong scale."""

from __future__ import annotations

import pytest

from physadv.core.errors import BadOption
from physadv.core.problem.norm import Norm
from physadv.engines.perturbing.bounds import USUAL, bounds_of


def test_numbers_fractions_and_lists() -> None:
    assert [one.eps for one in bounds_of("8/255", Norm.linf)] == [pytest.approx(8 / 255)]
    assert [one.eps for one in bounds_of("0.5/255", Norm.linf)] == [pytest.approx(0.5 / 255)]
    found = bounds_of(["0.1", 0.05, "16/255"], Norm.linf)
    assert [one.told for one in found] == ["0.05", "16/255", "0.1"]
    assert bounds_of("smallest", Norm.l2)[0].eps is None
    assert bounds_of(3, Norm.l0)[0].eps == 3.0
    assert all(bounds_of(told, norm)[0].eps for norm, told in USUAL.items())


@pytest.mark.parametrize(
    ("typed", "norm", "message"),
    [
        (8, Norm.linf, r"eps=8 is too large for norm=linf.* Did you mean eps=8/255 \(0\.0314\)\?"),
        ("300", Norm.linf, "At most 1"),
        ("8/0", Norm.linf, "is no size"),
        ("many", Norm.l2, "Write a number or a fraction"),
        (0, Norm.l2, "must be above 0"),
        ("-8/255", Norm.linf, "must be above 0"),
        ("nan", Norm.linf, "must be above 0"),
        ("0.5", Norm.l0, "counts pixels"),
        ([], Norm.l2, r"eps=\[\] names no size"),
        (["0.1", 0.1], Norm.l2, "names a size twice"),
    ],
)
def test_what_is_no_size_is_asked_back(typed: object, norm: Norm, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        bounds_of(typed, norm)
