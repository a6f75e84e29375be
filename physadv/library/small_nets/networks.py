"""The small networks, by name: what an introduction to attacks compares. All take ``(B, 3, h, w)`` sRGB in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn


class GreyMean(nn.Module):
    """The mean of the three channels, so that on grey pictures the gradient is the same in each."""

    def forward(self, images: Tensor) -> Tensor:
        """``(B, 3, h, w)`` → ``(B, 1, h, w)``."""
        return images.mean(1, keepdim=True)


class Maxout(nn.Module):
    """The largest of each group of neighbours (Goodfellow et al. 2013, arXiv:1302.4389)."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """``(B, pieces · n)`` → ``(B, n)``."""
        return x.reshape(len(x), -1, self.pieces).amax(2)


ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.1),
    "elu": nn.ELU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
_PIECES = 4  # of maxout
_WIDTH = 128  # of hidden layers


@dataclass(frozen=True)
class SmallModel:
    """A row of :data:`MODELS`."""

    build: Callable[[int, int], nn.Module]  # side of the picture in px, classes → logits (B, K)
    steps: int = 500  # of training, each with a batch
    learning_rate: float = 1e-3
    only: tuple[str, ...] = ()  # classes that it tells apart; empty: all


def linear(side_px: int, classes: int) -> nn.Sequential:
    """Softmax regression: a picture of weights for each class."""
    return nn.Sequential(GreyMean(), nn.Flatten(), nn.Linear(side_px**2, classes))


def cnn(side_px: int, classes: int) -> nn.Sequential:
    """Two convolutions with pooling, a hidden layer of 128; the side must be a multiple of 4."""
    return nn.Sequential(
        GreyMean(),
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * (side_px // 4) ** 2, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, classes),
    )  # fmt: skip


def mlp(activation: str, side_px: int, classes: int) -> nn.Sequential:
    """Two hidden layers of 128 with the same activation."""
    return nn.Sequential(
        GreyMean(),
        nn.Flatten(),
        *_hidden(activation, side_px**2),
        *_hidden(activation, _WIDTH),
        nn.Linear(_WIDTH, classes),
    )


def _hidden(activation: str, inputs: int) -> tuple[nn.Module, nn.Module]:
    if activation == "maxout":
        return nn.Linear(inputs, _WIDTH * _PIECES), Maxout(_PIECES)
    return nn.Linear(inputs, _WIDTH), ACTIVATIONS[activation]()


def _mlp_row(activation: str) -> SmallModel:
    return SmallModel(lambda side_px, classes: mlp(activation, side_px, classes), steps=750)


MODELS: Mapping[str, SmallModel] = {
    "cnn": SmallModel(cnn),
    "linear": SmallModel(linear, steps=1250, learning_rate=3e-3),
    "linear-3-7": SmallModel(linear, steps=500, learning_rate=3e-3, only=("3", "7")),
    **{f"mlp-{activation}": _mlp_row(activation) for activation in (*ACTIVATIONS, "maxout")},
}
"""What ``victim.model`` may be."""
