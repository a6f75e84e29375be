"""Sizes of changes and balls of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import Norm
from physadv.library.perturbations.norms import projected, random_change, size, steepest, within

CODES = torch.tensor([[0.0, 121, 0], [0, 0, -1], [0, 0, 0]])


def test_the_change_of_two_grey_pixels_has_the_sizes_of_the_textbook() -> None:
    difference = CODES.expand(1, 3, 3, 3)
    of_one_channel = CODES[None, None]
    assert size(difference, Norm.l0).tolist() == [2]
    assert size(of_one_channel, Norm.l1).tolist() == [122]
    assert size(of_one_channel, Norm.linf).tolist() == [121]
    assert float(size(of_one_channel, Norm.l2)) ** 2 == pytest.approx(121**2 + 1)


@pytest.fixture(scope="module")
def difference() -> Tensor:
    return torch.randn(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("norm", list(Norm))
def test_a_projection_lies_in_the_ball_and_what_lies_in_it_stays(norm: Norm, difference: Tensor) -> None:
    eps = torch.tensor([1.0, 2.0, 3.0, 1000.0])
    made = projected(difference, norm, eps)
    assert bool((size(made, norm) <= eps * (1 + 1e-5)).all())
    assert torch.allclose(projected(made, norm, eps), made, atol=1e-6)
    assert torch.equal(made[3], difference[3])


@pytest.mark.parametrize("norm", [Norm.l1, Norm.l2, Norm.linf])
def test_no_other_point_of_the_ball_is_nearer_than_the_projection(norm: Norm, difference: Tensor) -> None:
    best = (projected(difference, norm, 1.5) - difference).flatten(1).norm(dim=1)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        other = random_change(difference.shape, norm, 1.5, generator)
        assert bool(((other - difference).flatten(1).norm(dim=1) >= best).all())


@pytest.mark.parametrize("norm", [Norm.l1, Norm.l2, Norm.linf])
def test_no_direction_of_the_same_size_rises_more_than_the_steepest(norm: Norm, difference: Tensor) -> None:
    best = (steepest(difference, norm) * difference).flatten(1).sum(1)
    assert torch.allclose(size(steepest(difference, norm), norm), torch.ones(4))
    generator = torch.Generator().manual_seed(2)
    for _ in range(20):
        other = random_change(difference.shape, norm, 1.0, generator)
        assert bool(((other * difference).flatten(1).sum(1) <= best).all())


@pytest.mark.parametrize("norm", list(Norm))
def test_a_random_change_has_the_size_that_was_asked_for(norm: Norm) -> None:
    made = random_change(torch.Size((3, 3, 4, 4)), norm, 2.0, torch.Generator().manual_seed(0))
    assert torch.allclose(size(made, norm), torch.full((3,), 2.0), atol=1e-5)


def test_images_are_brought_into_the_ball_and_into_the_range_of_images() -> None:
    clean = torch.full((1, 3, 2, 2), 0.95)
    made = within(clean + 0.5, clean, Norm.linf, 0.1)
    assert torch.allclose(made, torch.ones(1, 3, 2, 2))
