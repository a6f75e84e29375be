"""The renderer's own transfer curve."""

from __future__ import annotations

import torch

from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear
from physadv.parts.render.transfer_curve import decode, encode_


def test_the_curve_is_the_standards_and_its_slope_is_its_own() -> None:
    codes = torch.linspace(0, 1, 2001)
    linear, slope = decode(codes)
    assert (linear - linear_from_srgb(codes)).abs().max() < 2e-6
    again, back = encode_(linear.clone())
    assert (again - codes).abs().max() < 2e-6
    assert (again - srgb_from_linear(linear)).abs().max() < 2e-5
    exact = codes.double().requires_grad_()
    (numeric,) = torch.autograd.grad(linear_from_srgb(exact).sum(), exact)
    assert torch.allclose(slope.double(), numeric, rtol=2e-2)
    assert torch.allclose(slope * back, torch.ones_like(slope), rtol=1e-4)


def test_out_of_range_light_is_clipped_with_the_slope_of_the_end() -> None:
    codes, slope = encode_(torch.tensor([-0.5, 0.0, 1.0, 3.0]))
    assert torch.allclose(codes, torch.tensor([0.0, 0.0, 1.0, 1.0]), atol=1e-6)
    assert slope[0] == slope[1] > 10
    assert slope[2] == slope[3] > 0.4
