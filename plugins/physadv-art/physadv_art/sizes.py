"""The size of a change, and a change that is cut to a bound: ART's results overshoot theirs by rounding."""

from __future__ import annotations

from torch import Tensor

from physadv.api import Norm


def size(change: Tensor, norm: Norm) -> float:
    """Of one picture's change ``(C, H, W)``."""
    if norm is Norm.linf:
        return float(change.abs().max())
    return float(change.flatten().double().norm(p=2 if norm is Norm.l2 else 1))


def shrunk(change: Tensor, norm: Norm, eps: float | None) -> Tensor:
    """The change ``(1, C, H, W)``, no larger than ``eps``."""
    if eps is None:
        return change
    if norm is Norm.linf:
        return change.clamp(-eps, eps)
    now = size(change[0], norm)
    return change if now <= eps else change * (eps / now)
