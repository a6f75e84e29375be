"""Filling of what is masked."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.parts.defenses.localisation.inpaint import filled_smoothly, inpainted


def _hole(height: int = 24, width: int = 32) -> Tensor:
    mask = torch.zeros(1, 1, height, width)
    mask[..., 8:16, 8:16] = 1
    return mask


def test_a_hole_in_a_plain_colour_closes_and_all_around_it_is_untouched() -> None:
    colour = torch.tensor([0.2, 0.4, 0.8]).view(1, 3, 1, 1)
    picture = colour.expand(1, 3, 24, 32).clone()
    noisy = torch.where(_hole() > 0, torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0)), picture)
    filled = inpainted(noisy, _hole())
    torch.testing.assert_close(filled, picture, rtol=0, atol=3 / 255)  # it works in 8 bits
    outside = (_hole() == 0).expand(1, 3, -1, -1)
    assert torch.equal(filled[outside], noisy[outside])


def test_nothing_masked_changes_nothing() -> None:
    picture = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(1))
    assert torch.equal(inpainted(picture, torch.zeros(2, 1, 9, 7)), picture)


def test_a_picture_that_is_all_masked_is_grey() -> None:
    picture = torch.rand(1, 3, 9, 7, generator=torch.Generator().manual_seed(1)).requires_grad_()
    filled = inpainted(picture, torch.ones(1, 1, 9, 7))
    torch.testing.assert_close(filled.detach(), torch.full((1, 3, 9, 7), 0.5), rtol=0, atol=1 / 255)
    (slope,) = torch.autograd.grad(filled.sum(), picture)
    assert not slope.any()


def test_the_smooth_fill_is_near_the_real_one_on_a_ramp() -> None:
    ramp = torch.linspace(0, 1, 32).view(1, 1, 1, 32).expand(1, 3, 24, 32).clone()
    smooth = filled_smoothly(ramp, _hole())
    assert float((smooth - inpainted(ramp, _hole())).abs().max()) < 0.1


def test_the_gradient_leads_from_the_hole_to_its_surroundings_and_nowhere_else() -> None:
    picture = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(2)).requires_grad_()
    filled = inpainted(picture, _hole())
    (slope,) = torch.autograd.grad((filled * _hole()).sum(), picture)
    assert not (slope * _hole()).any()
    torch.testing.assert_close(slope.sum(), _hole().sum() * 3)  # weights of a mean add to one


def test_sizes_that_are_no_powers_of_two_are_filled() -> None:
    picture = torch.full((1, 3, 1, 13), 0.3)
    mask = torch.zeros(1, 1, 1, 13)
    mask[..., 5:] = 1
    torch.testing.assert_close(filled_smoothly(picture, mask), picture)
