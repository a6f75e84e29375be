"""Continuous actions as a choice: the nearer a point of the box, the more it is worth."""

from __future__ import annotations

from torch import Tensor, nn


class NearestPoint(nn.Module):
    """From the mean action ``(B, D)`` to logits ``(B, K)``: less the squared distance to each of the points.

    Distances are in half the box's width, in each direction. ``squashed`` outputs are put through tanh and stretched to
    the box, as SAC's are; others are cut off at its border, as PPO's are.
    """

    points: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, points: Tensor, low: Tensor, high: Tensor, *, squashed: bool) -> None:
        super().__init__()
        self.squashed = squashed
        for name, value in (("points", points), ("low", low), ("high", high)):
            self.register_buffer(name, value)

    def forward(self, mean: Tensor) -> Tensor:
        half = (self.high - self.low) / 2
        action = self.low + half * (mean.tanh() + 1) if self.squashed else mean.clamp(self.low, self.high)
        return -((action[:, None] - self.points) / half).square().sum(dim=2)
