"""Our own Slice for converted graphs: the converter's indexes with a list, which torch is about to read differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from onnx2torch.node_converters.slice import OnnxSlice, OnnxSliceV9
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
    """ONNX Slice (opset 9): starts, ends and axes are attributes."""

    def __init__(self, slices: Sequence[slice], last_slices: Sequence[slice]) -> None:
        super().__init__()
        self.slices: tuple[slice, ...] = tuple(slices)
        self.last_slices: tuple[Any, ...] = (Ellipsis, *last_slices)

    def forward(self, tensor: Tensor) -> Tensor:
        return tensor[self.slices][self.last_slices]


def mend_slices_(module: nn.Module) -> None:
    """Replace every Slice of a converted graph."""
    for name, child in list(module.named_modules()):
        if isinstance(child, OnnxSlice):
            module.set_submodule(name, Slice())
        elif isinstance(child, OnnxSliceV9):
            last = [part for part in child._neg_axes_slices if part is not Ellipsis]
            module.set_submodule(name, ConstantSlice(child._pos_axes_slices, last))


def _sliced(tensor: Tensor, starts: list[int], ends: list[int], axes: list[int], steps: list[int]) -> Tensor:
    index: list[slice] = [slice(None)] * tensor.ndim
    backwards = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 0:  # walk the flipped axis forwards
            backwards.append(axis)
            start, end, step = -start - 1, -end - 1, -step
        index[axis] = slice(start, end, step)
    return (torch.flip(tensor, backwards) if backwards else tensor)[tuple(index)]
