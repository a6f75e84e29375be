"""Lp distances between images, and balls of them. Differences are ``(B,3,H,W)``, sRGB in [0, 1] less the same."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import Norm


def size(difference: Tensor, norm: Norm) -> Tensor:
    """``(B,)`` the difference's norm. L0 counts pixels that differ in any channel, and is no norm."""
    flat = difference.flatten(1)
    match norm:
        case Norm.l0:
            return (difference != 0).any(1).flatten(1).sum(1).to(difference.dtype)
        case Norm.l1:
            return flat.abs().sum(1)
        case Norm.l2:
            length: Tensor = torch.linalg.vector_norm(flat, dim=1)
            return length
        case Norm.linf:
            return flat.abs().amax(1)


def projected(difference: Tensor, norm: Norm, eps: Tensor | float) -> Tensor:
    """The nearest difference whose norm is at most ``eps``, a number or ``(B,)``.

    For L0 the nearest keeps the ``eps`` pixels that differ most; for L1 it is that of Duchi et al. 2008.
    """
    largest = torch.as_tensor(eps, dtype=difference.dtype, device=difference.device).expand(len(difference))
    match norm:
        case Norm.linf:
            return torch.maximum(torch.minimum(difference, _by_image(largest)), -_by_image(largest))
        case Norm.l2:
            return difference * _by_image((largest / size(difference, norm).clamp_min(1e-12)).clamp_max(1))
        case Norm.l1:
            return _onto_l1(difference, largest)
        case Norm.l0:
            order = (
                torch.linalg.vector_norm(difference, dim=1).flatten(1).argsort(dim=1, descending=True).argsort(dim=1)
            )
            kept = (order < largest[:, None]).reshape(len(difference), 1, *difference.shape[-2:])
            return torch.where(kept, difference, torch.zeros_like(difference))


def within(images: Tensor, clean: Tensor, norm: Norm, eps: Tensor | float) -> Tensor:
    """The images brought into the ball around ``clean`` and into [0, 1].

    Cutting to [0, 1] brings each value nearer to the clean one, so it leaves no ball.
    """
    return (clean + projected(images - clean, norm, eps)).clamp(0, 1)


def steepest(gradient: Tensor, norm: Norm) -> Tensor:
    """The direction of norm 1 along which a linear loss with this gradient rises most; for L0 as for L2.

    A gradient of zero gives zero.
    """
    match norm:
        case Norm.linf:
            return gradient.sign()
        case Norm.l1:
            flat = gradient.flatten(1)
            place = flat.abs().argmax(1, keepdim=True)
            return torch.zeros_like(flat).scatter(1, place, flat.gather(1, place).sign()).reshape(gradient.shape)
        case Norm.l2 | Norm.l0:
            return gradient / _by_image(size(gradient, Norm.l2).clamp_min(1e-12))


def random_change(shape: torch.Size, norm: Norm, eps: Tensor | float, generator: torch.Generator) -> Tensor:
    """A difference of norm ``eps`` in a random direction, on the generator's device.

    For Linf each value is moved up or down by ``eps``; for L1 and L2 the direction is uniform (normal, or Laplace,
    scaled); for L0 ``eps`` pixels are set at random by up to one.
    """
    device = generator.device
    match norm:
        case Norm.linf:
            drawn = torch.randint(2, shape, generator=generator, device=device) * 2.0 - 1
        case Norm.l2:
            drawn = torch.randn(shape, generator=generator, device=device)
        case Norm.l1:
            uniform = torch.rand(shape, generator=generator, device=device) - 0.5
            drawn = -uniform.sign() * torch.log1p(-2 * uniform.abs().clamp_max(0.499999))
        case Norm.l0:
            drawn = torch.rand(shape, generator=generator, device=device) * 2 - 1
            return projected(drawn, norm, eps)
    largest = torch.as_tensor(eps, dtype=drawn.dtype, device=device).expand(len(drawn))
    return drawn * _by_image(largest / size(drawn, norm).clamp_min(1e-12))


def _onto_l1(difference: Tensor, largest: Tensor) -> Tensor:
    flat = difference.flatten(1).abs()
    ordered = flat.sort(dim=1, descending=True).values
    excess = ordered.cumsum(1) - largest[:, None]
    counts = torch.arange(1, flat.shape[1] + 1, device=flat.device)
    last = (ordered * counts > excess).sum(1, keepdim=True).clamp_min(1)
    threshold = (excess.gather(1, last - 1) / last).clamp_min(0)
    return ((flat - threshold).clamp_min(0) * difference.flatten(1).sign()).reshape(difference.shape)


def _by_image(values: Tensor) -> Tensor:
    return values[:, None, None, None]
