"""dlib's face recognition network in torch: ResNet-29 with 128 outputs (dlib's example dnn_face_recognition_ex).

    150 x 150 RGB → 7 x 7 / 2, 32 → max 3 / 2 → 3 blocks of 32 → 4 of 64 → 3 of 128 → 3 of 256 → 1 of 256 → mean → 128

The first block of each further width halves the picture. A block's way round is padded with zeros where the block makes
more channels, or fewer pixels: so dlib's ``add_prev`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv_dlib.dat_file import Weights

SIZE_PX = 150
_MEAN = (122.782, 117.001, 104.298)  # of 0..255
_BLOCKS = (
    *[(32, 1)] * 3, (64, 2), *[(64, 1)] * 3, (128, 2), *[(128, 1)] * 2, (256, 2), *[(256, 1)] * 2, (256, 2),
)  # fmt: skip


class _Affine(nn.Module):
    def __init__(self, values: Tensor) -> None:
        super().__init__()
        factor, summand = values.view(2, -1, 1, 1)
        self.factor, self.summand = nn.Parameter(factor.clone()), nn.Parameter(summand.clone())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.summand


def _convolution(values: Tensor, size: int, stride: int, channels: int) -> nn.Conv2d:
    """dlib pads with half the filter where the stride is 1, else not at all."""
    made = len(values) // (channels * size * size + 1)
    layer = nn.Conv2d(channels, made, size, stride, size // 2 if stride == 1 else 0)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(values[:-made].view_as(layer.weight))
        layer.bias.copy_(values[-made:])
    return layer


class _Block(nn.Module):
    def __init__(self, weights: Iterator[Tensor], channels: int, made: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.ways = nn.Sequential(
            _convolution(next(weights), 3, stride, channels), _Affine(next(weights)), nn.ReLU(),
            _convolution(next(weights), 3, 1, made), _Affine(next(weights)),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        round_ = functional.avg_pool2d(x, 2, 2) if self.stride == 2 else x
        return functional.relu(_added(self.ways(x), round_))


def _added(a: Tensor, b: Tensor) -> Tensor:
    sides = [max(one, two) for one, two in zip(a.shape[1:], b.shape[1:], strict=True)]
    return _padded(a, sides) + _padded(b, sides)


def _padded(x: Tensor, sides: Sequence[int]) -> Tensor:
    channels, height, width = (side - have for side, have in zip(sides, x.shape[1:], strict=True))
    return functional.pad(x, (0, width, 0, height, 0, channels))


class DlibNet(nn.Module):
    """``(F, 3, 150, 150)`` sRGB in [0, 1] → ``(F, 128)``; a distance of at most 0.6 means one person."""

    mean: Tensor

    def __init__(self, layers: Sequence[Weights]) -> None:
        super().__init__()
        weights = iter([layer.values for layer in layers])
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.first = nn.Sequential(
            _convolution(next(weights), 7, 2, 3), _Affine(next(weights)), nn.ReLU(), nn.MaxPool2d(3, 2)
        )
        widths = (32, *(made for made, _ in _BLOCKS))
        self.blocks = nn.Sequential(
            *(_Block(weights, widths[i], made, stride) for i, (made, stride) in enumerate(_BLOCKS))
        )
        self.last = nn.Parameter(next(weights).view(256, 128).clone())

    def forward(self, chips: Tensor) -> Tensor:
        x = (chips * 255 - self.mean) / 256
        vectors: Tensor = self.blocks(self.first(x)).mean((2, 3)) @ self.last
        return vectors
