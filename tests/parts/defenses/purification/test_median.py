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


@pytest.mark.parametrize("size_px", [3, 5, 7])
def test_it_is_the_median_of_every_window(size_px: int) -> None:
    image = torch.rand(2, 3, 9, 11, generator=torch.Generator().manual_seed(1))
    padded = torch.nn.functional.pad(image, [size_px // 2] * 4, mode="replicate")
    windows = padded.unfold(2, size_px, 1).unfold(3, size_px, 1).flatten(4)
    assert torch.equal(median(size_px)(image), windows.median(-1).values)


@pytest.mark.parametrize("shape", [(1, 3, 6, 5), (2, 3, 1, 4), (1, 3, 1, 1)])
def test_the_gradient_is_that_of_choosing_edges_too(shape: tuple[int, ...]) -> None:
    image = torch.rand(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    weights = torch.rand(shape, generator=torch.Generator().manual_seed(3))
    padded = torch.nn.functional.pad(image, [1] * 4, mode="replicate")
    chosen = padded.unfold(2, 3, 1).unfold(3, 3, 1).flatten(4).median(-1).values
    (expected,) = torch.autograd.grad((chosen * weights).sum(), image)
    (slope,) = torch.autograd.grad((median(3)(image) * weights).sum(), image)
    torch.testing.assert_close(slope, expected)


def test_among_equals_one_pixel_has_the_gradient() -> None:
    image = torch.full((1, 3, 5, 5), 0.5, requires_grad=True)
    (slope,) = torch.autograd.grad(median(3)(image)[0, 0, 2, 2], image)
    assert float(slope.sum()) == 1
    assert len(slope.nonzero()) == 1


def test_the_gradient_goes_to_the_pixel_that_was_taken() -> None:
    image = torch.arange(9.0).view(1, 1, 3, 3).expand(1, 3, 3, 3).clone().div(9).requires_grad_()
    (slope,) = torch.autograd.grad(median(3)(image)[0, 0, 1, 1], image)
    assert slope.nonzero().tolist() == [[0, 0, 1, 1]]
    assert slope[0, 0, 1, 1] == 1


@pytest.mark.parametrize("size_px", [1, 4])
def test_a_window_without_a_centre_is_refused(size_px: int) -> None:
    with pytest.raises(BadOption, match="has a centre"):
        check_median(MedianConfig(size_px))
