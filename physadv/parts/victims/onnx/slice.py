"""Our own Slice for converted graphs: the converter's indexes with a list, which torch is about to read differently."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Slice(nn.Module):
    """ONNX Slice (opset 10 and later): starts, ends, axes and steps are inputs."""

    def forward(
        self, tensor: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
    ) -> Tensor:
        first, last = starts.tolist(), ends.tolist()
        where = list(range(len(first))) if axes is None else axes.tolist()
        return _sliced(tensor, first, last, where, [1] * len(first) if steps is None else steps.tolist())


class ConstantSlice(nn.Module):
    """ONNX Slice (up to opset 9): starts, ends and axes are attributes."""

    def __init__(self, starts: list[int], ends: list[int], axes: list[int] | None) -> None:
        super().__init__()
        self.starts, self.ends, self.axes = starts, ends, list(range(len(starts))) if axes is None else axes

    def forward(self, tensor: Tensor) -> Tensor:
        return _sliced(tensor, self.starts, self.ends, self.axes, [1] * len(self.starts))


def _sliced(tensor: Tensor, starts: list[int], ends: list[int], axes: list[int], steps: list[int]) -> Tensor:
    index: list[slice] = [slice(None)] * tensor.ndim
    backwards = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 0:  # walk the flipped axis forwards
            backwards.append(axis)
            start, end, step = -start - 1, -end - 1, -step
        index[axis] = slice(start, end, step)
    return (torch.flip(tensor, backwards) if backwards else tensor)[tuple(index)]
