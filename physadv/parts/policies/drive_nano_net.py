"""The network of ``drive-nano``: four convolutions that halve the picture, a row of features, a logit an action."""

from __future__ import annotations

from torch import Tensor, nn

WIDTHS = (24, 32, 48, 64)
FEATURES = 128


class DriveNanoNet(nn.Module):
    """From pictures ``(B, 3, H, W)`` in [0, 1] to logits ``(B, K)``; made for one size of picture."""

    def __init__(self, shape: tuple[int, int, int], actions: int) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = []
        for wide in WIDTHS:
            layers += [nn.Conv2d(channels, wide, 3, 2, 1), nn.ReLU()]
            channels, height, width = wide, (height + 1) // 2, (width + 1) // 2
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, FEATURES), nn.ReLU())
        self.head = nn.Linear(FEATURES, actions)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(images - 0.5))
        return logits
