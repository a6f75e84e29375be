"""Median of the neighbourhood."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.defenses.options import MedianConfig, check_median
from physadv.parts.defenses.purification.median import median


def test_one_bright_pixel_vanishes_and_an_edge_stays() -> None:
    image = torch.zeros(1, 3, 7, 8)
    image[..., 4:] = 1
    speckled = image.clone()
    speckled[..., 3, 1] = 1
    assert torch.equal(median(3)(speckled), image)


@pytest.mark.parametrize("size_px", [3, 5])
def test_with_and_without_gradient_the_result_is_the_same(size_px: int) -> None:
    image = torch.rand(2, 3, 9, 11, generator=torch.Generator().manual_seed(1))
    assert torch.equal(median(size_px)(image.clone().requires_grad_()).detach(), median(size_px)(image))


def test_the_gradient_goes_to_the_pixel_that_was_taken() -> None:
    image = torch.arange(9.0).view(1, 1, 3, 3).expand(1, 3, 3, 3).clone().div(9).requires_grad_()
    (slope,) = torch.autograd.grad(median(3)(image)[0, 0, 1, 1], image)
    assert slope.nonzero().tolist() == [[0, 0, 1, 1]]
    assert slope[0, 0, 1, 1] == 1


@pytest.mark.parametrize("size_px", [1, 4])
def test_a_window_without_a_centre_is_refused(size_px: int) -> None:
    with pytest.raises(BadOption, match="has a centre"):
        check_median(MedianConfig(size_px))
