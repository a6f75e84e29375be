"""From a network's raw outputs to boxes on its canvas and scores, for every layout that detectors are exported in.

Every decoder maps the graph's outputs to ``(B, A, 4)`` corners in canvas pixels and ``(B, A, K)`` scores in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

import torch
from torch import Tensor, nn

Hw = tuple[int, int]


class Activation(Enum):
    """The function that makes scores of a network's last layer."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


MAX_EXPONENT = (
    10.0  # box sizes are exponentials of outputs: beyond this they are senseless and their gradient overflows
)


def corners(centre: Tensor, size: Tensor) -> Tensor:
    """Centre and size, each ``(..., 2)``, to ``(..., 4)`` corners."""
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def around(size: Tensor, angle_rad: Tensor) -> Tensor:
    """Width and height ``(..., 2)`` of the upright box around one of this size that is turned."""
    cos, sin = angle_rad.cos().abs()[..., None], angle_rad.sin().abs()[..., None]
    return size * cos + size.flip(-1) * sin


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
    """One table of decoded boxes and scores: YOLOv5 to 7 (with objectness), YOLOv8 and later (without), decoded YOLOX.

    Columns behind the scores (keypoints, masks) are left; an angle makes the box the one around the turned one.
    """

    scale: Tensor

    def __init__(
        self,
        *,
        channels_first: bool,
        objectness: bool,
        logits: bool,
        scale_xy: tuple[float, float],
        scores: int,
        angle_at: int | None = None,
    ) -> None:
        super().__init__()
        self.channels_first, self.objectness, self.logits = channels_first, objectness, logits
        self.end, self.angle_at = 4 + scores, angle_at
        self.register_buffer("scale", torch.tensor(scale_xy), persistent=False)  # pixels per unit of the table

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """One table ``(B, A, 4 + …)``, or ``(B, 4 + …, A)``, to boxes ``(B, A, 4)`` and scores ``(B, A, K)``."""
        table = outputs[0].transpose(1, 2) if self.channels_first else outputs[0]
        size = table[..., 2:4] * self.scale
        if self.angle_at is not None:
            size = around(size, table[..., self.angle_at])
        boxes = corners(table[..., :2] * self.scale, size)
        scores = table[..., 4 : self.end]
        scores = scores.sigmoid() if self.logits else scores
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
        """One table ``(B, A, 5 + K)`` to boxes ``(B, A, 4)`` and scores ``(B, A, K)``."""
        table = outputs[0]
        centre = (table[..., :2] + self.cell) * self.stride
        size = table[..., 2:4].clamp_max(MAX_EXPONENT).exp() * self.stride
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
        """Tables ``(B, A_s, K)`` and ``(B, A_s, 4·bins)``, or one ``(B, A, K + 4·bins)``, to boxes ``(B, A, 4)`` and
        scores ``(B, A, K)``.
        """
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
        """One map ``(B, 5 + K, h, w)`` to boxes ``(B, h·w, 4)`` and scores ``(B, h·w, K)``."""
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
        """Offsets ``(B, A, 4)`` and scores ``(B, A, K)``, or with a background ``(B, A, 1 + K)``, likewise."""
        offsets, scores = outputs[self.boxes_at], outputs[1 - self.boxes_at]
        centre = self.prior[:, :2] + offsets[..., :2] * 0.1 * self.prior[:, 2:]
        size = self.prior[:, 2:] * (offsets[..., 2:] * 0.2).clamp_max(MAX_EXPONENT).exp()
        return corners(centre * self.canvas, size * self.canvas), scores[..., self.first_class :]


class BoxesAndScores(nn.Module):
    """Two outputs: decoded boxes ``(B, A, 4)`` or ``(B, A, 1, 4)``, and scores ``(B, A, K)``.

    ``kept`` are the columns that are classes; the others stand for no object and the like.
    """

    scale: Tensor

    def __init__(
        self,
        *,
        places: tuple[int, int],
        centres: bool,
        activation: Activation,
        kept: slice,
        scale_xy: tuple[float, float],
    ) -> None:
        super().__init__()
        self.places, self.centres, self.activation, self.kept = places, centres, activation, kept
        self.register_buffer("scale", torch.tensor(scale_xy), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Boxes ``(B, A, 4)`` or ``(B, A, 1, 4)`` and scores ``(B, A, …)``, to boxes ``(B, A, 4)`` and scores ``(B, A,
        K)``.
        """
        boxes, scores = (outputs[place] for place in self.places)
        if boxes.ndim == 4:
            boxes = boxes.squeeze(2)
        first, second = boxes[..., :2] * self.scale, boxes[..., 2:] * self.scale
        if self.activation is Activation.SIGMOID:
            scores = scores.sigmoid()
        elif self.activation is Activation.SOFTMAX:
            scores = scores.softmax(dim=-1)
        return corners(first, second) if self.centres else torch.cat([first, second], dim=-1), scores[..., self.kept]


class EndToEnd(nn.Module):
    """One table of finished detections, some columns of which are box, score and class (YOLOv10, RT-DETR, and others).

    The score stands in the column of the reported class, zero in the others; gradient reaches the score and the box.
    """

    scale: Tensor

    def __init__(
        self,
        classes: int,
        scale_xy: tuple[float, float],
        *,
        centres: bool,
        box_at: int = 0,
        score_at: int = 4,
        label_at: int = 5,
        angle_at: int | None = None,
        first_class: int = 0,
    ) -> None:
        super().__init__()
        self.classes, self.centres, self.first_class = classes, centres, first_class
        self.box_at, self.score_at, self.label_at, self.angle_at = box_at, score_at, label_at, angle_at
        self.register_buffer("scale", torch.tensor(scale_xy), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """One table ``(B, A, 6 or more)`` to boxes ``(B, A, 4)`` and scores ``(B, A, K)``."""
        table = outputs[0]
        label = table[..., self.label_at, None].detach().round().long() - self.first_class
        score = table[..., self.score_at, None] * (
            (label >= 0) & (label < self.classes)
        )  # padding is class -1 at times
        scores = table.new_zeros(*table.shape[:2], self.classes).scatter(2, label.clamp(0, self.classes - 1), score)
        box = table[..., self.box_at : self.box_at + 4]
        first, second = box[..., :2] * self.scale, box[..., 2:] * self.scale
        if self.angle_at is not None:
            second = around(second, table[..., self.angle_at])
        return corners(first, second) if self.centres else torch.cat([first, second], dim=-1), scores


class Joined(nn.Module):
    """Finished detections in several outputs, laid side by side for ``decoder``: box, score, class."""

    def __init__(self, decoder: EndToEnd, *, boxes_at: int, scores_at: int | None, labels_at: int) -> None:
        super().__init__()
        self.decoder, self.boxes_at, self.scores_at, self.labels_at = decoder, boxes_at, scores_at, labels_at

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Boxes ``(B, A, 4 or 5)``, scores ``(B, A)`` and classes ``(B, A)``, to boxes ``(B, A, 4)`` and scores ``(B,
        A, K)``.
        """
        joined: tuple[Tensor, Tensor] = self.decoder([self.table(outputs)])
        return joined

    def table(self, outputs: Sequence[Tensor]) -> Tensor:
        """``(B, A, 6)``; boxes of five columns carry the score in the last."""
        boxes, labels = outputs[self.boxes_at], outputs[self.labels_at]
        scores = boxes[..., 4] if self.scores_at is None else outputs[self.scores_at]
        columns = [column.reshape(*boxes.shape[:2], 1).to(boxes) for column in (scores, labels)]
        return torch.cat([boxes[..., :4], *columns], dim=-1)
