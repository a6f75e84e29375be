"""ONNX Resize as its specification words it, for every rule of coordinates and rounding.

PyTorch's ``interpolate`` knows two rules of the seven. It is used where they are asked for; all else is a choice of
rows (nearest) or a product with a small matrix (linear), one axis after the other, both with gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_NEAREST: dict[str, Callable[[Tensor], Tensor]] = {
    "round_prefer_floor": lambda x: torch.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: torch.floor(x + 0.5),
    "floor": torch.floor,
    "ceil": torch.ceil,
}
_COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric")
_TORCH_MODES = {("linear", 3): "linear", ("linear", 4): "bilinear", ("linear", 5): "trilinear", ("cubic", 4): "bicubic"}


@dataclass(frozen=True)
class _Axis:
    """One axis: from how many places to how many, and by which factor."""

    axis: int
    before: int
    after: int
    scale: float


class Resize(nn.Module):
    """ONNX Resize (opset 11 and later) without a region of interest."""

    def __init__(self, mode: str, coordinates: str, nearest: str, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.mode, self.coordinates, self.nearest, self.axes = mode, coordinates, nearest, axes

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Resize:
        """From the node's attributes. Raise :class:`NotImplementedError` for what is not computed here."""
        mode, coordinates = options.get("mode", "nearest"), options.get("coordinate_transformation_mode", "half_pixel")
        plain = {"antialias": 0, "exclude_outside": 0, "keep_aspect_ratio_policy": "stretch", "cubic_coeff_a": -0.75}
        odd = [name for name, usual in plain.items() if options.get(name, usual) != usual]
        if odd or coordinates not in _COORDINATES:
            raise NotImplementedError(f"Resize with {', '.join(odd) or coordinates}")
        return cls(mode, coordinates, options.get("nearest_mode", "round_prefer_floor"), tuple(options.get("axes", ())))

    def forward(
        self, tensor: Tensor, roi: Tensor | None = None, scales: Tensor | None = None, sizes: Tensor | None = None
    ) -> Tensor:
        axes = self._axes(tensor, scales, sizes)
        mode = _TORCH_MODES.get((self.mode, tensor.ndim), "")
        by_torch = mode and self.coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners")
        if by_torch and all(each.axis >= 2 for each in axes) and self._is_exact(axes):
            size = list(tensor.shape[2:])
            for each in axes:
                size[each.axis - 2] = each.after
            return functional.interpolate(
                tensor, size=size, mode=mode, align_corners=self.coordinates == "align_corners"
            )
        if self.mode == "nearest" and (repeats := self._repeats(axes, tensor)):
            return functional.interpolate(tensor, scale_factor=repeats, mode="nearest")
        if self.mode == "cubic":
            raise NotImplementedError(f"Resize with mode=cubic and {self.coordinates}")
        for each in axes:
            place = self._places(each, tensor)
            if self.mode == "nearest":
                index = _NEAREST[self.nearest](place).clamp(0, each.before - 1).long()
                tensor = tensor.index_select(each.axis, index)
            else:
                tensor = torch.tensordot(tensor, _linear(place, each.before), dims=([each.axis], [1]))
                tensor = tensor.movedim(-1, each.axis)
        return tensor

    def _axes(self, tensor: Tensor, scales: Tensor | None, sizes: Tensor | None) -> list[_Axis]:
        """Those whose length changes."""
        by_size = sizes is not None and sizes.numel() > 0
        given = sizes if by_size else scales
        if given is None or not given.numel():
            raise NotImplementedError("Resize with neither sizes nor scales")
        where = [axis % tensor.ndim for axis in self.axes] or list(range(tensor.ndim))
        axes = []
        for axis, value in zip(where, given.tolist(), strict=True):
            before = tensor.shape[axis]
            if by_size and axis == 0 and not self.axes:
                value = before  # the batch of the export
            after = int(value) if by_size else math.floor(before * value)
            axes.append(_Axis(axis, before, after, after / before if by_size else value))
        return [each for each in axes if each.before != each.after]

    def _repeats(self, axes: list[_Axis], tensor: Tensor) -> tuple[float, ...] | None:
        """How often each pixel stands, height and width, where a map simply becomes a whole number of times larger."""
        if tensor.ndim != 4 or any(each.axis < 2 or each.after % each.before for each in axes):
            return None
        times = [1.0, 1.0]
        for each in axes:
            if each.after != each.before * each.scale or self.coordinates == "align_corners":
                return None
            times[each.axis - 2] = each.after / each.before
        floors = self.nearest == "floor"
        rounds = self.nearest.startswith("round")
        return tuple(times) if (floors if self.coordinates == "asymmetric" else rounds) else None

    def _is_exact(self, axes: list[_Axis]) -> bool:
        """Whether sizes and factors agree; the factor counts where they do not, and torch takes sizes."""
        return all(abs(each.after - each.before * each.scale) < 1e-6 for each in axes)

    def _places(self, axis: _Axis, tensor: Tensor) -> Tensor:
        """For every place after, where it lies before (ONNX operators, Resize, coordinate_transformation_mode)."""
        x = torch.arange(axis.after, device=tensor.device, dtype=torch.float32)
        if self.coordinates == "asymmetric":
            return x / axis.scale
        if self.coordinates == "align_corners":
            return x * (axis.before - 1) / max(axis.after - 1, 1)
        if self.coordinates == "pytorch_half_pixel" and axis.after == 1:
            return torch.zeros_like(x)
        place = (x + 0.5) / axis.scale - 0.5
        if self.coordinates == "half_pixel_symmetric":
            share = axis.after / (axis.before * axis.scale)
            place = place + axis.before / 2 * (1 - share)
        return place


def _linear(place: Tensor, before: int) -> Tensor:
    """``(after, before)`` weights: each place is shared by its two neighbours, the edge is repeated."""
    low = place.floor()
    share = place - low
    weights = place.new_zeros(len(place), before)
    for index, weight in ((low, 1 - share), (low + 1, share)):
        weights.scatter_add_(1, index.clamp(0, before - 1).long()[:, None], weight[:, None])
    return weights
