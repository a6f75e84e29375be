"""The camera behind the windscreen: it looks straight ahead, along the road, from the middle of the car."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

HEIGHT_M = 1.3


@dataclass(frozen=True, slots=True)
class Camera:
    """Pixels ``(x, y)`` with centres at integers; the horizon's row varies with the episode (a shifted lens)."""

    height_px: int
    width_px: int
    focal_px: float

    @classmethod
    def of(cls, height_px: int, width_px: int, field_of_view_deg: float) -> Camera:
        """``field_of_view_deg`` is that of the width."""
        return cls(height_px, width_px, width_px / 2 / math.tan(math.radians(field_of_view_deg) / 2))

    def across(self, device: torch.device) -> Tensor:
        """``(W,)`` how far to the right a column looks, a metre ahead."""
        return (torch.arange(self.width_px, device=device) - (self.width_px - 1) / 2) / self.focal_px

    def middle_row(self, horizon: Tensor) -> Tensor:
        """``(E,)`` the row of the horizon, of shares ``(E,)`` of the height."""
        return horizon * self.height_px - 0.5

    def down(self, horizon: Tensor) -> Tensor:
        """``(E, H)`` how far below the horizon a row looks, a metre ahead; ``horizon`` ``(E,)``."""
        rows = torch.arange(self.height_px, device=horizon.device)
        return (rows - self.middle_row(horizon)[:, None]) / self.focal_px
