"""From linear light to codes: noise, clipping, the sRGB curve from a table."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.library.colour.conversion import srgb_from_linear

_STEPS = 1 << 16  # of the table: half a thousandth of a code where the curve is steepest
_NOISE = 1 << 16  # places at which a picture's noise may begin


def noise_bank(size: int) -> Tensor:
    """Normal numbers, of which a picture of ``size`` takes a run."""
    return torch.randn(_NOISE + size, generator=torch.Generator().manual_seed(7))


def add_noise_(image: Tensor, bank: Tensor, begins: Tensor, deviation: Tensor) -> None:
    """Roughen ``(E, 3, H, W)`` in place, each from its own place ``(E,)`` of the bank and by its own ``(E,)``."""
    size = image[0].numel()
    grain = torch.empty_like(image)
    for row, (begin, strength) in enumerate(zip((begins % _NOISE).tolist(), deviation.tolist(), strict=True)):
        torch.mul(bank[begin : begin + size].view(image.shape[1:]), strength, out=grain[row])
    image.add_(grain)


def codes_of(linear: Tensor) -> Tensor:
    """sRGB codes of linear light, clipped to [0, 1], with gradient; a third of the time of the curve itself."""
    codes: Tensor = _Table.apply(linear.view(-1))
    return codes.view_as(linear)


@lru_cache(maxsize=4)
def _tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """Codes and slopes at evenly spaced light."""
    light = torch.linspace(0, 1, _STEPS, dtype=torch.float64)
    with torch.enable_grad():
        leaf = light.requires_grad_()
        codes = srgb_from_linear(leaf)
        (slopes,) = torch.autograd.grad(codes.sum(), leaf)
    return codes.detach().float().clamp(0, 1).to(device), slopes.float().to(device)


class _Table(torch.autograd.Function):
    """Light ``(n,)`` → codes ``(n,)``; light that is clipped gets no gradient."""

    @staticmethod
    def forward(ctx: Any, linear: Tensor) -> Tensor:
        codes, _ = _tables(linear.device)
        steps = (linear * (_STEPS - 1)).add_(0.5)
        if linear.requires_grad:
            ctx.save_for_backward(linear)
        at = steps.clamp_(0, _STEPS - 1).int()
        return codes.index_select(0, at)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (linear,) = ctx.saved_tensors
        _, slopes = _tables(linear.device)
        at = (linear * (_STEPS - 1)).add_(0.5).clamp_(0, _STEPS - 1).int()
        inside = (linear >= 0) & (linear <= 1)
        passed: Tensor = gradient * slopes.index_select(0, at) * inside
        return passed
