"""The battery's tools: requirements, reasons, made-up images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from physadv.app.guards.failures import failure_text
from physadv.core.errors import BrokenPart, PhysadvError

R = TypeVar("R")

TOLERANCE = 1e-3
"""By how much scores may differ between a batch and single images; boxes by this share of the image's longer side."""


def require(true: bool, message: str) -> None:
    """Raise :class:`BrokenPart` with the message unless ``true``."""
    if not true:
        raise BrokenPart(message)


def reasoned(part: Any, check: Callable[..., R], *args: Any) -> R:
    """The check's result; whatever else it raises becomes a :class:`BrokenPart` that names part and check."""
    try:
        return check(*args)
    except PhysadvError:
        raise
    except Exception as error:
        raise BrokenPart(f"{type(part).__name__}: {check.__name__.lstrip('_')} raised {failure_text(error)}") from error


def sample_images(count: int = 2, height: int = 96, width: int = 128) -> Tensor:
    """``(count, 3, height, width)`` smooth images in [0, 1], all different, the same in every run."""
    generator = torch.Generator().manual_seed(20)
    coarse = torch.rand(count, 3, 6, 8, generator=generator)
    return nn.functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False).clamp(0, 1)
