"""YOLOv5 exported without its decoding: one raw map a stride.

Only when it is asked for, because a file does not say its anchors.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from physadv.parts.victims.conventions import Conventions
from physadv.parts.victims.onnx.graph_decoders import Hw, cells, corners
from physadv.parts.victims.onnx.graph_probe import GraphLayout, Probe

NAME = "yolov5-heads"
STRIDES = (8, 16, 32)
ANCHORS_PX = (  # width and height, of YOLOv5's COCO models (github.com/ultralytics/yolov5, models/yolov5s.yaml)
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)
PER_CELL = 3


class Yolov5Heads(nn.Module):
    """Maps ``(B, 3 (5 + K), h, w)`` or ``(B, 3, h, w, 5 + K)``, in any order, to boxes and objectness · class."""

    cell: Tensor
    stride: Tensor
    anchor: Tensor

    def __init__(self, canvas_hw: Hw) -> None:
        super().__init__()
        cell, stride = cells(canvas_hw, STRIDES)
        counts = [len(cells(canvas_hw, (s,))[0]) for s in STRIDES]
        anchor = [torch.tensor(a).float().repeat(n, 1) for a, n in zip(ANCHORS_PX, counts, strict=True)]
        self.register_buffer("cell", cell.repeat_interleave(PER_CELL, dim=0), persistent=False)
        self.register_buffer("stride", stride.repeat_interleave(PER_CELL, dim=0), persistent=False)
        self.register_buffer("anchor", torch.cat(anchor), persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Three maps to boxes ``(B, A, 4)`` and scores ``(B, A, K)``, finest stride first."""
        finest_first = sorted(map(_cells_last, outputs), key=lambda table: -table.shape[1])
        table = torch.cat([one.flatten(1, 2) for one in finest_first], dim=1).sigmoid()
        centre = (table[..., :2] * 2 - 0.5 + self.cell) * self.stride
        return corners(centre, (table[..., 2:4] * 2) ** 2 * self.anchor), table[..., 4:5] * table[..., 5:]


def _cells_last(output: Tensor) -> Tensor:
    """``(B, cells, 3, 5 + K)``."""
    if output.ndim == 4:
        output = output.reshape(len(output), PER_CELL, -1, *output.shape[2:]).permute(0, 1, 3, 4, 2)
    return output.flatten(2, 3).transpose(1, 2)


def yolov5_heads(probe: Probe, asked: bool) -> GraphLayout | None:
    """Three maps, each with three times 5 + K values a cell."""
    sizes = [(probe.canvas_hw[0] // stride, probe.canvas_hw[1] // stride) for stride in STRIDES]
    shapes = [tuple(output.shape) for output in probe.outputs]
    if not asked or len(shapes) != len(STRIDES) or any(len(shape) not in (4, 5) for shape in shapes):
        return None
    columns = {shape[1] / PER_CELL if len(shape) == 4 else shape[4] for shape in shapes}
    found = sorted((shape[2:4] for shape in shapes), reverse=True)
    if len(columns) != 1 or found != sizes or min(columns) < 6 or min(columns) % 1:
        return None
    if any(len(shape) == 5 and shape[1] != PER_CELL for shape in shapes):
        return None
    classes = int(columns.pop()) - 5
    reason = f"three raw maps of 3 x (5 + {classes}) values, with the anchors of YOLOv5's COCO models"
    return GraphLayout(NAME, reason, classes, Conventions(), Yolov5Heads(probe.canvas_hw))
