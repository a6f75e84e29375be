"""What operations of a graph do that onnx2torch lacks or gets wrong: a module each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

REDUCTIONS: dict[str, Callable[[Tensor, list[int], bool], Tensor]] = {
    "ReduceL1": lambda x, axes, keep: x.abs().sum(axes, keep),
    "ReduceL2": lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep),
    "ReduceLogSum": lambda x, axes, keep: x.sum(axes, keep).log(),
    "ReduceLogSumExp": lambda x, axes, keep: x.logsumexp(axes, keep),
    "ReduceMax": lambda x, axes, keep: x.amax(axes, keep),
    "ReduceMean": lambda x, axes, keep: x.mean(axes, keep),
    "ReduceMin": lambda x, axes, keep: x.amin(axes, keep),
    "ReduceProd": lambda x, axes, keep: _product(x, axes, keep),
    "ReduceSum": lambda x, axes, keep: x.sum(axes, keep),
    "ReduceSumSquare": lambda x, axes, keep: x.square().sum(axes, keep),
}


class Reduce(nn.Module):
    """ONNX Reduce* (opset 18 and later): the axes are an input."""

    def __init__(self, operation: str, *, keep: bool, none_is_all: bool) -> None:
        super().__init__()
        self.operation, self.keep, self.none_is_all = operation, keep, none_is_all

    def forward(self, tensor: Tensor, axes: Tensor | None = None) -> Tensor:
        chosen = [] if axes is None else axes.tolist()
        if not chosen and not self.none_is_all:
            return tensor
        return REDUCTIONS[self.operation](tensor, chosen or list(range(tensor.ndim)), self.keep)


class Split(nn.Module):
    """ONNX Split (opset 18 and later): the last part is smaller where the length does not divide."""

    def __init__(self, axis: int, parts: int) -> None:
        super().__init__()
        self.axis, self.parts = axis, parts

    def forward(self, tensor: Tensor, split: Tensor | None = None) -> tuple[Tensor, ...]:
        if split is not None:
            return torch.split(tensor, split.tolist(), dim=self.axis)
        return torch.split(tensor, -(-tensor.shape[self.axis] // self.parts), dim=self.axis)


class Pad(nn.Module):
    """ONNX Pad (opset 18 and later): some axes, the others are left."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(
        self, tensor: Tensor, pads: Tensor, constant_value: Tensor | None = None, axes: Tensor | None = None
    ) -> Tensor:
        amounts = pads.tolist()
        where = list(range(tensor.ndim)) if axes is None else [axis % tensor.ndim for axis in axes.tolist()]
        both = [(0, 0)] * tensor.ndim
        for place, axis in enumerate(where):
            both[axis] = (amounts[place], amounts[place + len(where)])
        if self.mode != "constant":
            while both and both[0] == (0, 0):  # torch reflects the last axes only, and wants them alone
                both = both[1:]
        value = 0.0 if constant_value is None or not constant_value.numel() else float(constant_value)
        flat = [amount for pair in reversed(both) for amount in pair]
        if self.mode == "constant":
            return functional.pad(tensor, flat, value=value)
        return functional.pad(tensor, flat, mode=self.mode) if flat else tensor


class Clip(nn.Module):
    """ONNX Clip whose bounds are computed."""

    def forward(self, tensor: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
        if low is not None:
            tensor = torch.maximum(tensor, low)
        return tensor if high is None else torch.minimum(tensor, high)


class Flatten(nn.Module):
    """ONNX Flatten: always a matrix, whatever the axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, tensor: Tensor) -> Tensor:
        axis = self.axis + tensor.ndim if self.axis < 0 else self.axis
        if axis == 1 and tensor.ndim > 1:
            return tensor.flatten(1)
        return tensor.reshape(math.prod(tensor.shape[:axis]), math.prod(tensor.shape[axis:]))


class GridSample(nn.Module):
    """ONNX GridSample: torch's own operation under another name."""

    def __init__(self, mode: str, padding: str, *, align: bool) -> None:
        super().__init__()
        self.mode, self.padding, self.align = mode, padding, align

    def forward(self, tensor: Tensor, grid: Tensor) -> Tensor:
        return functional.grid_sample(tensor, grid, mode=self.mode, padding_mode=self.padding, align_corners=self.align)


class AveragePool(nn.Module):
    """ONNX AveragePool with explicit, symmetric padding and no dilation."""

    def __init__(
        self, kernel: Sequence[int], stride: Sequence[int], pads: Sequence[int], flags: tuple[int, int]
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.pads, self.flags = tuple(kernel), tuple(stride), tuple(pads), flags

    def forward(self, tensor: Tensor) -> Tensor:
        ceil, count = map(bool, self.flags)
        pool: Callable[..., Tensor] = functional.avg_pool1d if len(self.kernel) == 1 else functional.avg_pool2d
        return pool(tensor, self.kernel, self.stride, self.pads, ceil_mode=ceil, count_include_pad=count)


class Elementwise(nn.Module):
    """A function of one tensor."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, tensor: Tensor) -> Tensor:
        return self.function(tensor)


class Trilu(nn.Module):
    """ONNX Trilu: one triangle of a matrix, the rest zero."""

    def __init__(self, *, upper: bool) -> None:
        super().__init__()
        self.upper = upper

    def forward(self, tensor: Tensor, diagonal: Tensor | None = None) -> Tensor:
        k = 0 if diagonal is None else int(diagonal)
        return tensor.triu(k) if self.upper else tensor.tril(k)


class GroupNorm(nn.Module):
    """ONNX GroupNormalization (opset 21 and later): scale and bias a channel."""

    def __init__(self, groups: int, epsilon: float) -> None:
        super().__init__()
        self.groups, self.epsilon = groups, epsilon

    def forward(self, tensor: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        return functional.group_norm(tensor, self.groups, scale, bias, self.epsilon)


class ScatterElements(nn.Module):
    """ONNX ScatterElements without a reduction."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, tensor: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
        length = tensor.shape[self.axis]
        return tensor.scatter(self.axis, torch.where(indices < 0, indices + length, indices), updates)


def _product(tensor: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in sorted((axis % tensor.ndim for axis in axes), reverse=True):
        tensor = tensor.prod(axis, keep)
    return tensor
