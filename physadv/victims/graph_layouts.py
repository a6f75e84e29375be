"""Tell from a graph's outputs on one probe image which detector family it is, and say why.

Shapes decide where they can; where families share a shape (YOLOX and YOLOv5 are both rows of 4 + 1 + K) the number of
rows and the values on the probe do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from physadv.errors import BadInput
from physadv.victims.conventions import Conventions, Resize
from physadv.victims.face_layouts import centerface, yunet
from physadv.victims.graph_decoders import (
    BoxesAndScores,
    EndToEnd,
    FastestDetHead,
    Hw,
    NanoDetHead,
    SsdHead,
    Table,
    YoloxHead,
    cells,
)
from physadv.victims.graph_probe import FACE, Layout, Probe, cell_count
from physadv.victims.yolov5_heads import yolov5_heads

PYRAMIDS = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))  # strides of the heads in use
SSD_STRIDES = (8, 16, 32, 64)
SSD_SIDES_PX = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))  # Ultra-Light-Fast-Generic-Face-Detector
END_TO_END_ROWS = 1000  # detectors without suppression report at most so many

_YOLO = Conventions()
_YOLOX = Conventions(bgr=True, white=255.0, resize=Resize.LETTERBOX)
_NANODET = Conventions(
    bgr=True, white=255.0, mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395), resize=Resize.CENTRED, pad=0.0
)
_FASTESTDET = Conventions(bgr=True, resize=Resize.STRETCH)
_SSD = Conventions(white=255.0, mean=(127.0,) * 3, std=(128.0,) * 3, resize=Resize.STRETCH)
_PLAIN = Conventions(resize=Resize.STRETCH)


def detect_layout(probe: Probe, wanted: str, source: str) -> Layout:
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


def _nanodet(probe: Probe, asked: bool) -> Layout | None:
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
    return Layout(
        "nanodet", reason, classes, _NANODET, NanoDetHead(probe.canvas_hw, strides, classes, bins, plus=False)
    )


def _nanodet_plus(output: Tensor, probe: Probe, asked: bool) -> Layout | None:
    strides, bins = SSD_STRIDES, 8
    if output.ndim != 3 or output.shape[1] != cell_count(probe.canvas_hw, strides) or output.shape[2] <= 4 * bins:
        return None
    classes = output.shape[2] - 4 * bins
    reason = f"one output {tuple(output.shape)}: {classes} scores and 4 x {bins} bins at strides {strides}"
    return Layout("nanodet", reason, classes, _NANODET, NanoDetHead(probe.canvas_hw, strides, classes, bins, plus=True))


def _fastestdet(probe: Probe, asked: bool) -> Layout | None:
    if len(probe.outputs) != 1 or probe.outputs[0].ndim != 4 or probe.outputs[0].shape[1] < 6:
        return None
    _, columns, down, _ = probe.outputs[0].shape
    stride = math.ceil(probe.canvas_hw[0] / down)
    if tuple(probe.outputs[0].shape[2:]) != tuple(math.ceil(side / stride) for side in probe.canvas_hw):
        return None
    reason = f"one map {tuple(probe.outputs[0].shape)}: objectness, box and {columns - 5} classes at stride {stride}"
    return Layout("fastestdet", reason, columns - 5, _FASTESTDET, FastestDetHead(probe.canvas_hw, stride))


def _ssd(probe: Probe, asked: bool) -> Layout | None:
    boxes_at = _boxes_at(probe.outputs)
    prior = ssd_priors(probe.canvas_hw)
    if boxes_at is None or probe.outputs[boxes_at].shape[1] != len(prior):
        return None
    boxes, scores = probe.outputs[boxes_at][0].reshape(-1, 4), probe.outputs[1 - boxes_at]
    if not asked and _nearer((boxes[:, :2] + boxes[:, 2:]) / 2, prior[:, :2].to(boxes)):
        return None  # the values are boxes already
    background = _has_background(scores, probe.names)
    classes = scores.shape[-1] - int(background)
    reason = f"box offsets and scores for {len(prior)} priors, {classes} classes" + " after background" * background
    decoder = SsdHead(prior, probe.canvas_hw, boxes_at=boxes_at, background=background)
    return Layout("ssd", reason, classes, _SSD, decoder, FACE)


def _boxes_scores(probe: Probe, asked: bool) -> Layout | None:
    boxes_at = _boxes_at(probe.outputs)
    if boxes_at is None:
        return _end_to_end(probe, asked)
    boxes, scores = probe.outputs[boxes_at].reshape(-1, 4), probe.outputs[1 - boxes_at]
    background = _has_background(scores, probe.names)
    classes = scores.shape[-1] - int(background)
    centres = bool((boxes[:, 2:] < boxes[:, :2]).any(dim=1).float().mean() > 0.01)
    scale_xy, logits = _scale(boxes, probe.canvas_hw), _are_logits(scores)
    reason = (
        f"boxes {tuple(probe.outputs[boxes_at].shape)} as {'centre and size' if centres else 'corners'} "
        f"in {'pixels' if scale_xy == (1.0, 1.0) else 'shares of the image'}, {classes} "
        f"{'logits' if logits else 'scores'}" + " after background" * background
    )
    decoder = BoxesAndScores(
        boxes_at=boxes_at, centres=centres, logits=logits, background=background, scale_xy=scale_xy
    )
    return Layout("boxes-scores", reason, classes, _PLAIN, decoder)


def _end_to_end(probe: Probe, asked: bool) -> Layout | None:
    table = _table(probe)
    if table is None or table.shape[2] != 6 or not (asked or table.shape[1] <= END_TO_END_ROWS):
        return None
    labels = table[0, :, 5]
    if not asked and (_family_rows(probe.canvas_hw, table.shape[1]) or not torch.equal(labels, labels.round())):
        return None
    classes = probe.names or 80
    if len(labels) and not -0.5 <= float(labels.min()) <= float(labels.max()) < classes:
        raise BadInput(
            f"the model reports class {int(labels.max())}, but {classes} labels are known; give victim.labels"
        )
    reason = f"one output {tuple(table.shape)}: corners, score and class, without suppression; {classes} labels"
    return Layout("boxes-scores", reason, classes, _YOLO, EndToEnd(classes, _scale(table[..., :4], probe.canvas_hw)))


def _yolov8(probe: Probe, asked: bool) -> Layout | None:
    table = _table(probe)
    if table is None or table.shape[2] < 5:
        return None
    columns, first = table.shape[2], table.shape[1:] != probe.outputs[0].shape[1:]
    named = probe.names == columns - 4 or (probe.names is None and columns == 84)
    if not asked and not first and not (named and _family_rows(probe.canvas_hw, table.shape[1]) == 1):
        return None
    reason = f"one output {tuple(probe.outputs[0].shape)}, 4 + {columns - 4} rows, no objectness"
    return Layout("yolov8", reason, columns - 4, _YOLO, _decoded(table, probe, channels_first=first, objectness=False))


def _yolov5(probe: Probe, asked: bool) -> Layout | None:
    table = _table(probe)
    if table is None or table.shape[2] < 6:
        return None
    count, columns = table.shape[1:]
    family = _family_rows(probe.canvas_hw, count)
    if not asked and family == 1:
        return None  # one row a cell is YOLOX
    reason = f"one output {tuple(probe.outputs[0].shape)}, 4 + 1 + {columns - 5} columns, " + (
        "three anchors a cell" if family == 3 else f"{count} rows"
    )
    first = table.shape[1:] != probe.outputs[0].shape[1:]
    return Layout("yolov5", reason, columns - 5, _YOLO, _decoded(table, probe, channels_first=first, objectness=True))


def _yolox(probe: Probe, asked: bool) -> Layout | None:
    table = _table(probe)
    if table is None:
        return None
    strides = next((s for s in PYRAMIDS if table.shape[1] == cell_count(probe.canvas_hw, s)), None)
    if strides is None or table.shape[2] < 6 or table.shape != probe.outputs[0].shape:
        return None
    classes = table.shape[2] - 5
    cell, stride = cells(probe.canvas_hw, strides)
    decoded = _nearer(table[0, :, :2].cpu(), (cell + 0.5) * stride)
    reason = f"one output {tuple(table.shape)}, 4 + 1 + {classes} columns, one row a cell, " + (
        "boxes in pixels" if decoded else "boxes as offsets in cells"
    )
    decoder = (
        _decoded(table, probe, channels_first=False, objectness=True)
        if decoded
        else YoloxHead(probe.canvas_hw, strides)
    )
    return Layout("yolox", reason, classes, _YOLOX, decoder)


_MATCHERS: tuple[tuple[str, Callable[[Probe, bool], Layout | None]], ...] = (
    ("yunet", yunet),
    ("centerface", centerface),
    ("yolov5-heads", yolov5_heads),
    ("nanodet", _nanodet),
    ("fastestdet", _fastestdet),
    ("ssd", _ssd),
    ("boxes-scores", _boxes_scores),
    ("yolov8", _yolov8),
    ("yolox", _yolox),
    ("yolov5", _yolov5),
)


def ssd_priors(canvas_hw: Hw) -> Tensor:
    """``(A, 4)`` centre and size as shares of the canvas, for every cell and side of Ultra-Light's four maps."""
    height, width = canvas_hw
    size = torch.tensor([width, height]).float()
    priors = []
    for stride, sides in zip(SSD_STRIDES, SSD_SIDES_PX, strict=True):
        cell, _ = cells(canvas_hw, (stride,))
        centre = ((cell + 0.5) * stride / size).repeat_interleave(len(sides), dim=0)
        side = torch.tensor(sides).float().repeat(len(cell))[:, None] / size
        priors.append(torch.cat([centre, side], dim=1))
    return torch.cat(priors).clamp(0, 1)


def _family_rows(canvas_hw: Hw, rows: int) -> int:
    """How many rows a cell has: 1, 3, or 0 when the number of rows fits no pyramid."""
    return next((per for per in (1, 3) for s in PYRAMIDS if rows == per * cell_count(canvas_hw, s)), 0)


def _table(probe: Probe) -> Tensor | None:
    """The only output as ``(1, rows, columns)``; columns first is turned around."""
    output = probe.outputs[0]
    if len(probe.outputs) != 1 or output.ndim != 3:
        return None
    first, second = (bool(_family_rows(probe.canvas_hw, side)) for side in output.shape[1:])
    turned = first < second if first != second else output.shape[1] < output.shape[2]
    return output.transpose(1, 2) if turned else output


def _boxes_at(outputs: Sequence[Tensor]) -> int | None:
    """Which of two outputs holds boxes; ``None`` when the two are not boxes and scores of the same rows."""
    if len(outputs) != 2 or outputs[0].shape[:2] != outputs[1].shape[:2]:
        return None
    boxes = [o.shape[-1] == 4 and (o.ndim == 3 or (o.ndim == 4 and o.shape[2] == 1)) for o in outputs]
    if not any(boxes) or any(output.ndim != 3 for output, is_box in zip(outputs, boxes, strict=True) if not is_box):
        return None
    if all(boxes):  # four classes: scores stay within 0 and 1, boxes seldom do; else boxes come first
        return int(not _are_logits(outputs[0]) and _are_logits(outputs[1]))
    return boxes.index(True)


def _decoded(table: Tensor, probe: Probe, *, channels_first: bool, objectness: bool) -> Table:
    scale_xy, logits = _scale(table[..., :4], probe.canvas_hw), _are_logits(table[..., 4:])
    return Table(channels_first=channels_first, objectness=objectness, logits=logits, scale_xy=scale_xy)


def _scale(boxes: Tensor, canvas_hw: Hw) -> tuple[float, float]:
    """Pixels per unit: boxes that never exceed two are shares of the canvas."""
    shares = boxes.numel() > 0 and float(boxes.abs().max()) <= 2
    return (float(canvas_hw[1]), float(canvas_hw[0])) if shares else (1.0, 1.0)


def _are_logits(scores: Tensor) -> bool:
    return bool(((scores < -1e-3) | (scores > 1 + 1e-3)).any())


def _has_background(scores: Tensor, names: int | None) -> bool:
    """Whether column 0 is background: rows add to one, as softmax makes them, and the names do not say otherwise."""
    columns = scores.shape[-1]
    softmax = bool((scores.sum(dim=-1) - 1).abs().max() < 1e-2) and not _are_logits(scores)
    return columns > 1 and softmax and (names is None or names == columns - 1)


def _nearer(values: Tensor, grid: Tensor) -> bool:
    """Whether most values lie nearer to the grid's places than to zero: decoded, not offsets."""
    return bool((values - grid).abs().median() < values.abs().median())
