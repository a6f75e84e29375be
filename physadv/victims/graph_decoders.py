"""From a network's raw outputs to boxes on its canvas and scores, for every layout that detectors are exported in.

Every decoder maps the graph's outputs to ``(B, A, 4)`` corners in canvas pixels and ``(B, A, K)`` scores in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

Hw = tuple[int, int]

EXP_AT_MOST = 10.0  # box sizes are exponentials of outputs: beyond this they are senseless and their gradient overflows


def corners(centre: Tensor, size: Tensor) -> Tensor:
    """Centre and size, each ``(..., 2)``, to ``(..., 4)`` corners."""
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def cells(canvas_hw: Hw, strides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The grid cells of every stride, row by row: indices ``(A, 2)`` as x, y and strides ``(A, 1)``."""
    indices, steps = [], []
    for stride in strides:
        rows, columns = (math.ceil(side / stride) for side in canvas_hw)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        indices.append(torch.stack([x, y], dim=-1).reshape(-1, 2).float())
        steps.append(torch.full((rows * columns, 1), float(stride)))
    return torch.cat(indices), torch.cat(steps)


class Table(nn.Module):
    """One table of decoded boxes and scores: YOLOv5 and 7 (with objectness), YOLOv8 and 11 (without), decoded YOLOX."""

    scale: Tensor

    def __init__(self, *, channels_first: bool, objectness: bool, logits: bool, scale_xy: tuple[float, float]) -> None:
        super().__init__()
        self.channels_first, self.objectness, self.logits = channels_first, objectness, logits
        self.register_buffer("scale", torch.tensor(scale_xy), persistent=False)  # pixels per unit of the table

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        table = outputs[0].transpose(1, 2) if self.channels_first else outputs[0]
        boxes = corners(table[..., :2] * self.scale, table[..., 2:4] * self.scale)
        scores = table[..., 4:].sigmoid() if self.logits else table[..., 4:]
        return boxes, scores[..., :1] * scores[..., 1:] if self.objectness else scores


class YoloxHead(nn.Module):
    """YOLOX before decoding: offsets in cells, log sizes, objectness and classes (Ge et al. 2021, arXiv:2107.08430)."""

    cell: Tensor
    stride: Tensor

    def __init__(self, canvas_hw: Hw, strides: Sequence[int]) -> None:
        super().__init__()
        cell, stride = cells(canvas_hw, strides)
        self.register_buffer("cell", cell, persistent=False)
        self.register_buffer("stride", stride, persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        table = outputs[0]
        centre = (table[..., :2] + self.cell) * self.stride
        size = table[..., 2:4].clamp_max(EXP_AT_MOST).exp() * self.stride
        return corners(centre, size), table[..., 4:5] * table[..., 5:]


class NanoDetHead(nn.Module):
    """NanoDet: each side's distance is the mean of a distribution over bins (Li et al. 2020, arXiv:2006.04388).

    Two outputs a stride (NanoDet), or one table of scores and bins (NanoDet-Plus, whose centres sit on cell corners).
    """

    centre: Tensor
    stride: Tensor
    bin: Tensor

    def __init__(self, canvas_hw: Hw, strides: Sequence[int], classes: int, bins: int, *, plus: bool) -> None:
        super().__init__()
        cell, stride = cells(canvas_hw, strides)
        self.classes, self.bins, self.plus = classes, bins, plus
        self.register_buffer("centre", cell * stride + (0 if plus else (stride - 1) / 2), persistent=False)
        self.register_buffer("stride", stride, persistent=False)
        self.register_buffer("bin", torch.arange(bins).float(), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        if self.plus:
            scores, spread = outputs[0][..., : self.classes], outputs[0][..., self.classes :]
        else:
            scores, spread = self._stacked(outputs, self.classes), self._stacked(outputs, 4 * self.bins)
        shares = spread.reshape(*spread.shape[:-1], 4, self.bins).softmax(dim=-1)
        distance = (shares * self.bin).sum(dim=-1) * self.stride
        return torch.cat([self.centre - distance[..., :2], self.centre + distance[..., 2:]], dim=-1), scores

    @staticmethod
    def _stacked(outputs: Sequence[Tensor], columns: int) -> Tensor:
        """The outputs of one kind, finest stride first."""
        kind = (output for output in outputs if output.shape[-1] == columns)
        return torch.cat(sorted(kind, key=lambda output: -output.shape[1]), dim=1)


class FastestDetHead(nn.Module):
    """FastestDet: one map of objectness, box and classes; score = objectness^0.6 · class^0.4.

    Source: github.com/dog-qiuqiu/FastestDet, example/onnx-runtime.
    """

    cell: Tensor
    canvas: Tensor

    def __init__(self, canvas_hw: Hw, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("cell", cells(canvas_hw, (stride,))[0], persistent=False)
        self.register_buffer("canvas", torch.tensor([canvas_hw[1], canvas_hw[0]]).float(), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        table = outputs[0].flatten(2).transpose(1, 2)
        centre = (self.cell + table[..., 1:3].tanh()) * self.stride
        size = table[..., 3:5].sigmoid() * self.canvas
        positive = table.clamp_min(1e-9)  # a power below one has no finite gradient at zero
        return corners(centre, size), positive[..., :1] ** 0.6 * positive[..., 5:] ** 0.4


class SsdHead(nn.Module):
    """Offsets against priors with variances 0.1 and 0.2 (Liu et al. 2016, arXiv:1512.02325), in two outputs."""

    prior: Tensor
    canvas: Tensor

    def __init__(self, prior: Tensor, canvas_hw: Hw, *, boxes_at: int, background: bool) -> None:
        super().__init__()
        self.boxes_at, self.first_class = boxes_at, int(background)
        self.register_buffer("prior", prior, persistent=False)  # (A, 4) centre and size, as shares of the canvas
        self.register_buffer("canvas", torch.tensor([canvas_hw[1], canvas_hw[0]]).float(), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        offsets, scores = outputs[self.boxes_at], outputs[1 - self.boxes_at]
        centre = self.prior[:, :2] + offsets[..., :2] * 0.1 * self.prior[:, 2:]
        size = self.prior[:, 2:] * (offsets[..., 2:] * 0.2).clamp_max(EXP_AT_MOST).exp()
        return corners(centre * self.canvas, size * self.canvas), scores[..., self.first_class :]


class BoxesAndScores(nn.Module):
    """Two outputs: decoded boxes ``(B, A, 4)`` or ``(B, A, 1, 4)``, and scores ``(B, A, K)``."""

    scale: Tensor

    def __init__(
        self, *, boxes_at: int, centres: bool, logits: bool, background: bool, scale_xy: tuple[float, float]
    ) -> None:
        super().__init__()
        self.boxes_at, self.centres, self.logits, self.first_class = boxes_at, centres, logits, int(background)
        self.register_buffer("scale", torch.tensor(scale_xy), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        boxes, scores = outputs[self.boxes_at], outputs[1 - self.boxes_at]
        if boxes.ndim == 4:
            boxes = boxes.squeeze(2)
        first, second = boxes[..., :2] * self.scale, boxes[..., 2:] * self.scale
        scores = scores.sigmoid() if self.logits else scores
        return (
            corners(first, second) if self.centres else torch.cat([first, second], dim=-1),
            scores[..., self.first_class :],
        )


class EndToEnd(nn.Module):
    """One table of finished detections: corners, score, class (YOLOv10 and others without suppression).

    The score stands in the column of the reported class, zero in the others; gradient reaches the score and the box.
    """

    scale: Tensor

    def __init__(self, classes: int, scale_xy: tuple[float, float]) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("scale", torch.tensor(scale_xy).repeat(2), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        table = outputs[0]
        label = table[..., 5:6].detach().round().long().clamp(0, self.classes - 1)
        scores = table.new_zeros(*table.shape[:2], self.classes).scatter(2, label, table[..., 4:5])
        return table[..., :4] * self.scale, scores
