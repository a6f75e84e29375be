"""A print that came out smaller or larger than was asked."""

from __future__ import annotations

import numpy as np
import pytest

from physadv.core.errors import BadOption
from physadv.library.files.boards import Boards, as_measured
from tests.library.calibration.chart_photo import chart
from tests.library.fiducials.views import ring

SHEET = Boards("abcd1234", "toy", 7, (ring(), chart()))


def test_every_length_follows_the_bar() -> None:
    made = as_measured(SHEET, 97.0)
    assert made.check_bar_mm == 97.0
    for own, asked in zip(made.boards, SHEET.boards, strict=True):
        assert own.size_mm == pytest.approx([0.97 * v for v in asked.size_mm])
        for tag, before in zip(own.tags, asked.tags, strict=True):
            assert np.allclose(tag.corners_mm, 0.97 * np.array(before.corners_mm))
        for field, before in zip(own.swatches, asked.swatches, strict=True):
            assert (field.x_mm, field.side_mm) == pytest.approx((0.97 * before.x_mm, 0.97 * before.side_mm))
            assert field.srgb == before.srgb


def test_no_measure_changes_nothing() -> None:
    assert as_measured(SHEET, 0.0) is SHEET


@pytest.mark.parametrize("bar_mm", [-97.0, 9.7, 0.97, 50.0, 200.0, 970.0, float("nan"), float("inf")])
def test_a_length_that_no_printer_makes_is_refused(bar_mm: float) -> None:
    with pytest.raises(BadOption, match="100 mm") as caught:
        as_measured(SHEET, bar_mm)
    assert ("in millimetres" in str(caught.value)) == (bar_mm == 9.7)
