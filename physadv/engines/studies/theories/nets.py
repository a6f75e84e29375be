"""Small nets for small pictures; they see grey, so a change counts once however it is spread over the colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from physadv.core.seeding import fenced
from physadv.library.small_nets.networks import GreyMean, Maxout

MakeNet = Callable[[], nn.Module]


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU, "leaky ReLU": nn.LeakyReLU, "maxout": lambda: Maxout(2),
    "ELU": nn.ELU,
}  # fmt: skip
"""Name → module, those that saturate first."""


def born(make: MakeNet, seed: int) -> nn.Module:
    """A net whose weights the seed tells."""
    with fenced(seed):
        return make()


def linear(side_px: int, classes: int) -> nn.Module:
    """Softmax regression."""
    return nn.Sequential(GreyMean(), nn.Flatten(), nn.Linear(side_px**2, classes))


def mlp(side_px: int, classes: int, widths: Sequence[int] = (128, 64), activation: str = "ReLU") -> nn.Module:
    """Fully connected; maxout takes two values for each unit."""
    layers: list[nn.Module] = [GreyMean(), nn.Flatten()]
    before, pieces = side_px**2, 2 if activation == "maxout" else 1
    for width in widths:
        layers += [nn.Linear(before, pieces * width), ACTIVATIONS[activation]()]
        before = width
    return nn.Sequential(*layers, nn.Linear(before, classes))


def cnn(side_px: int, classes: int, width: int = 16) -> nn.Module:
    """Two convolutions, the second of which halves the picture, and two layers on top."""
    after = (side_px + 1) // 2
    return nn.Sequential(
        GreyMean(), nn.Conv2d(1, width, 3, padding=1), nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
        nn.Linear(2 * width * after**2, 64), nn.ReLU(), nn.Linear(64, classes),
    )  # fmt: skip


def trait(net: nn.Module, images: Tensor) -> Tensor:
    """``(B, F)`` what the last layer of a net reads: its representation of the pictures, with gradient."""
    assert isinstance(net, nn.Sequential)
    return torch.flatten(net[:-1](images), 1)
