"""Fewer bits a colour."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.defenses.options import BitsConfig, check_bits
from physadv.parts.defenses.purification.bits import reduced_bits


def test_one_bit_leaves_black_and_white() -> None:
    ramp = torch.tensor([0.0, 0.49, 0.51, 1.0]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert reduced_bits(1)(ramp)[0, 0, 0].tolist() == [0, 0, 1, 1]


def test_eight_bits_leave_a_stored_picture_as_it_is() -> None:
    codes = torch.arange(256).view(1, 1, 16, 16).expand(1, 3, 16, 16) / 255
    torch.testing.assert_close(reduced_bits(8)(codes), codes, rtol=0, atol=1e-7)


def test_the_gradient_passes_straight_through() -> None:
    image = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    weights = torch.arange(48.0).view(1, 3, 4, 4)
    (slope,) = torch.autograd.grad((reduced_bits(2)(image) * weights).sum(), image)
    assert torch.equal(slope, weights)


@pytest.mark.parametrize("bits", [0, 9])
def test_bits_that_no_picture_has_are_refused(bits: int) -> None:
    with pytest.raises(BadOption, match="from 1 to 8"):
        check_bits(BitsConfig(bits))
