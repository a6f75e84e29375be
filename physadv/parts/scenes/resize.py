"""How pictures are shrunk: averaged, not sampled."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def resized(picture: Tensor, size_px: tuple[int, int]) -> Tensor:
    """``(C,H,W)`` in [0, 1] at another size."""
    if tuple(picture.shape[1:]) == size_px:
        return picture
    small = functional.interpolate(picture[None], size=size_px, mode="bilinear", antialias=True)
    return small[0].clamp(0, 1)
