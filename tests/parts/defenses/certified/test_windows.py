"""One of the windows covers any patch, wherever it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from physadv.parts.defenses.certified.windows import FILL, Windows


@pytest.mark.parametrize(("height", "width"), [(10, 10), (7, 23), (5, 5), (32, 32)])
@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("area", [0.01, 0.09, 0.5])
def test_every_place_of_a_patch_lies_in_a_window(height: int, width: int, count: int, area: float) -> None:
    windows = Windows.over(height, width, area, count)
    side, (high, wide) = windows.patch_px, windows.size_px
    assert side**2 >= area * height * width or side == min(height, width)
    for y, x in itertools.product(range(height - side + 1), range(width - side + 1)):
        assert any(0 <= y - top <= high - side and 0 <= x - left <= wide - side for top, left in windows.corners)
    assert all(0 <= top <= height - high and 0 <= left <= width - wide for top, left in windows.corners)


def test_the_example_of_the_docstring() -> None:
    windows = Windows.over(10, 10, 0.09, 4)
    assert (windows.patch_px, windows.size_px, windows.tops) == (3, (4, 4), (0, 2, 4, 6))


def test_all_windows_together_cover_all_places_and_one_its_own() -> None:
    windows = Windows.over(10, 10, 0.09, 4)
    assert windows.covered(np.ones(16, dtype=np.bool_)).all()
    first = windows.covered(np.arange(16) == 0)
    assert first.sum() == 4
    assert first[:2, :2].all()


def test_a_window_is_grey_and_hides_what_is_there() -> None:
    windows = Windows.over(10, 10, 0.09, 4)
    image = torch.rand(3, 10, 10, requires_grad=True)
    masked = windows.masked(image, 5)
    assert (masked[:, 2:6, 2:6] == FILL).all()
    (slope,) = torch.autograd.grad(masked.sum(), image)
    assert (slope[:, 2:6, 2:6] == 0).all()
    assert slope.sum() == 3 * (100 - 16)
