"""Tell from a graph's outputs on one probe image which detector family it is, and say why.

Names of outputs, metadata and values on the probe come before shapes, which families share: YOLOX, YOLOv6 and YOLOv5
are all rows of 4 + 1 + K, DETR and RT-DETR both put out logits and boxes. What nothing settles is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.victims.conventions import Conventions, ResizeMode
from physadv.parts.victims.onnx.face_layouts import centerface, yunet
from physadv.parts.victims.onnx.graph_decoders import FastestDetHead, NanoDetHead
from physadv.parts.victims.onnx.graph_finished import end_to_end, joined
from physadv.parts.victims.onnx.graph_pairs import SSD_STRIDES, boxes_scores, detr, rf_detr, rt_detr, ssd
from physadv.parts.victims.onnx.graph_probe import GraphLayout, Probe, cell_count
from physadv.parts.victims.onnx.graph_tables import yolov5, yolov6, yolov8, yolox
from physadv.parts.victims.onnx.yolov5_heads import yolov5_heads

_NANODET = Conventions(
    bgr=True,
    white=255.0,
    mean=(103.53, 116.28, 123.675),
    std=(57.375, 57.12, 58.395),
    resize=ResizeMode.CENTRED,
    pad=0.0,
)
_FASTESTDET = Conventions(bgr=True, resize=ResizeMode.STRETCH)


def detect_layout(probe: Probe, wanted: str, source: str) -> GraphLayout:
    """The wanted layout, or with "auto" the first that fits. Raise :class:`BadInput` when none does."""
    for name, match in _MATCHERS:
        if wanted in ("auto", name) and (layout := match(probe, wanted == name)) is not None:
            return layout
    if wanted != "auto":
        raise BadInput(
            f"{source} does not have layout {wanted}: its outputs are {probe.shapes}; try victim.layout=auto"
        )
    raise BadInput(
        f"{source} does not look like a detector that physadv can read: its outputs are {probe.shapes}. "
        "Export it with its detection head and without suppression, or name victim.layout"
    )


def _nanodet(probe: Probe, asked: bool) -> GraphLayout | None:
    outputs = probe.outputs
    if len(outputs) == 1:
        return _nanodet_plus(outputs[0], probe, asked)
    pairs = len(outputs) // 2
    if len(outputs) % 2 or pairs < 2 or any(output.ndim != 3 for output in outputs):
        return None
    columns = sorted({output.shape[-1] for output in outputs}, key=lambda c: (c != 32, c % 4 != 0, c))
    strides = SSD_STRIDES[:pairs]
    counts = sorted((output.shape[1] for output in outputs), reverse=True)
    if len(columns) != 2 or columns[0] % 4 or counts[::2] != [cell_count(probe.canvas_hw, (s,)) for s in strides]:
        return None
    bins, classes = columns[0] // 4, columns[1]
    reason = f"{pairs} pairs of outputs, {classes} scores and 4 x {bins} bins at strides {strides}"
    return GraphLayout(
        "nanodet", reason, classes, _NANODET, NanoDetHead(probe.canvas_hw, strides, classes, bins, plus=False)
    )


def _nanodet_plus(output: Tensor, probe: Probe, asked: bool) -> GraphLayout | None:
    strides, bins = SSD_STRIDES, 8
    if output.ndim != 3 or output.shape[1] != cell_count(probe.canvas_hw, strides) or output.shape[2] <= 4 * bins:
        return None
    classes = output.shape[2] - 4 * bins
    reason = f"one output {tuple(output.shape)}: {classes} scores and 4 x {bins} bins at strides {strides}"
    return GraphLayout(
        "nanodet", reason, classes, _NANODET, NanoDetHead(probe.canvas_hw, strides, classes, bins, plus=True)
    )


def _fastestdet(probe: Probe, asked: bool) -> GraphLayout | None:
    if len(probe.outputs) != 1 or probe.outputs[0].ndim != 4 or probe.outputs[0].shape[1] < 6:
        return None
    _, columns, down, _ = probe.outputs[0].shape
    stride = math.ceil(probe.canvas_hw[0] / down)
    if tuple(probe.outputs[0].shape[2:]) != tuple(math.ceil(side / stride) for side in probe.canvas_hw):
        return None
    reason = f"one map {tuple(probe.outputs[0].shape)}: objectness, box and {columns - 5} classes at stride {stride}"
    return GraphLayout("fastestdet", reason, columns - 5, _FASTESTDET, FastestDetHead(probe.canvas_hw, stride))


_MATCHERS: tuple[tuple[str, Callable[[Probe, bool], GraphLayout | None]], ...] = (
    ("yunet", yunet),
    ("centerface", centerface),
    ("yolov5-heads", yolov5_heads),
    ("nanodet", _nanodet),
    ("fastestdet", _fastestdet),
    ("ssd", ssd),
    ("end-to-end", joined),
    ("rf-detr", rf_detr),
    ("rt-detr", rt_detr),
    ("detr", detr),
    ("boxes-scores", boxes_scores),
    ("end-to-end", end_to_end),
    ("rt-detr", end_to_end),
    ("boxes-scores", end_to_end),
    ("yolov8", yolov8),
    ("yolox", yolox),
    ("yolov6", yolov6),
    ("yolov5", yolov5),
)
