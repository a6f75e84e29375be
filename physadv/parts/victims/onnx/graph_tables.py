"""One table of rows, a box and its scores in each: the YOLO families, their task heads, and DETRs with one output."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.victims.conventions import Conventions, ResizeMode
from physadv.parts.victims.onnx.graph_decoders import Table, YoloxHead, cells
from physadv.parts.victims.onnx.graph_evidence import (
    PYRAMIDS,
    always_one,
    are_logits,
    family_rows,
    nearer,
    odd_columns,
    scale,
)
from physadv.parts.victims.onnx.graph_probe import GraphLayout, Probe, cell_count

YOLO = Conventions()
RTDETR = Conventions(resize=ResizeMode.STRETCH)
_YOLOX = Conventions(bgr=True, white=255.0, resize=ResizeMode.LETTERBOX)
_COCO = 80  # classes


@dataclass(frozen=True)
class Columns:
    """A table ``(1, rows, columns)`` and what stands in its columns after the box."""

    table: Tensor
    turned: bool  # the graph has columns first
    scores: int  # columns of scores, objectness among them
    rest: str  # what stands behind them, for messages
    angle: bool  # the last column of the rest turns the box

    @property
    def rows(self) -> int:
        """How many."""
        return int(self.table.shape[1])


def columns_of(probe: Probe, *, objectness: int = 0) -> Columns | None:
    """The one table among the outputs; besides it only the masks' prototypes of a segmenting network may stand."""
    first = probe.outputs[0]
    extra = probe.outputs[1:]
    masks = int(extra[0].shape[1]) if len(extra) == 1 and extra[0].ndim == 4 and probe.task in ("", "segment") else 0
    if first.ndim != 3 or (extra and not masks):
        return None
    one, two = (bool(family_rows(probe.canvas_hw, side)) for side in first.shape[1:])
    turned = one < two if one != two else first.shape[1] < first.shape[2]
    table = first.transpose(1, 2) if turned else first
    behind, rest = _behind(probe, table, masks, objectness)
    scores = int(table.shape[2]) - 4 - behind
    return Columns(table, turned, scores, rest, angle=probe.task == "obb") if scores > 0 else None


def _behind(probe: Probe, table: Tensor, masks: int, objectness: int) -> tuple[int, str]:
    """How many columns follow the scores, and what they are."""
    if masks:
        return masks, f"{masks} mask coefficients (left unread)"
    if probe.task == "obb":
        return 1, "an angle (boxes are those around the turned ones)"
    spare = 0 if probe.names is None else int(table.shape[2]) - 4 - objectness - probe.names
    if probe.task == "pose":
        numbers = probe.facts.keypoint_numbers or max(spare, 0)
        if not numbers:
            raise BadInput(
                "this is a pose network whose file does not say how many of its columns are classes; "
                "name them: victim.labels=[person]"
            )
        return numbers, f"{numbers} numbers of keypoints (left unread)"
    behind = table[..., 4 + objectness + (probe.names or 0) :]
    paired = spare > 1 and (spare % 2 == 0 or spare % 3 == 0)
    if not probe.task and paired and are_logits(behind) and not are_logits(table[..., 4 : table.shape[2] - spare]):
        return spare, f"{spare} numbers that are no scores, as of keypoints (left unread)"
    return 0, ""


def yolov8(probe: Probe, asked: bool) -> GraphLayout | None:
    """No objectness. Columns first by itself; rows first where the number of names says so."""
    columns = columns_of(probe)
    if columns is None:
        return None
    named = probe.names == columns.scores or (probe.names is None and columns.scores == _COCO)
    family = family_rows(probe.canvas_hw, columns.rows)
    if not asked and not columns.turned and (not named or family == 3):
        return None
    shares = scale(columns.table[..., :4], probe.canvas_hw) != (1.0, 1.0)
    if not asked and not columns.turned and family == 0 and shares:
        reason = f"one output {_shape(probe)}, {columns.rows} rows of centre, size as shares, {columns.scores} scores"
        return GraphLayout("rt-detr", reason, columns.scores, RTDETR, _decoded(columns, probe, objectness=False))
    reason = f"one output {_shape(probe)}, 4 + {columns.scores} rows, no objectness{_and(columns)}"
    return GraphLayout("yolov8", reason, columns.scores, YOLO, _decoded(columns, probe, objectness=False))


def yolov5(probe: Probe, asked: bool) -> GraphLayout | None:
    """Objectness, three rows a cell; another number of rows only where the names leave no other reading.

    Raises :class:`BadInput` where nothing says whether there is an objectness.
    """
    columns = columns_of(probe, objectness=1)
    if columns is None or columns.scores < 2:
        return None
    family = family_rows(probe.canvas_hw, columns.rows)
    if not asked and family == 1:
        return None  # one row a cell is YOLOX
    classes = columns.scores - 1
    if not asked and family == 0 and probe.names != classes and not (probe.names is None and classes == _COCO):
        raise BadInput(
            f"{columns.rows} rows of {columns.table.shape[2]} columns belong to no known head, so nothing says "
            "whether the fifth is an objectness. Name the classes, victim.labels=[…], or say victim.layout=yolov5 "
            f"(objectness, then {classes} classes) or victim.layout=yolov8 ({columns.scores} classes)"
        )
    reason = f"one output {_shape(probe)}, 4 + 1 + {classes} columns, " + (
        "three anchors a cell" if family == 3 else f"{columns.rows} rows"
    )
    return GraphLayout("yolov5", reason + _and(columns), classes, YOLO, _decoded(columns, probe, objectness=True))


def yolox(probe: Probe, asked: bool) -> GraphLayout | None:
    """Objectness, one row a cell, rows first."""
    columns = columns_of(probe, objectness=1)
    strides = None if columns is None else _pyramid(probe, columns.rows)
    if columns is None or strides is None or columns.scores < 2 or columns.turned:
        return None
    classes, table = columns.scores - 1, columns.table
    cell, stride = cells(probe.canvas_hw, strides)
    decoded = nearer(table[0, :, :2].cpu(), (cell + 0.5) * stride)
    if decoded and not asked and always_one(table[..., 4]):
        return None  # YOLOv6
    reason = f"one output {tuple(table.shape)}, 4 + 1 + {classes} columns, one row a cell, " + (
        "boxes in pixels" if decoded else "boxes as offsets in cells"
    )
    doubt = ""
    if decoded and not asked and probe.names is None and classes != _COCO:
        doubt = (
            "taken for YOLOX (objectness, blue first, 0 to 255) because it has one row a cell. If its fifth column is "
            "a class, say victim.layout=yolov8; if it wants red first and [0, 1], victim.layout=yolov6"
        )
    decoder = _decoded(columns, probe, objectness=True) if decoded else YoloxHead(probe.canvas_hw, strides)
    return GraphLayout("yolox", reason, classes, _YOLOX, decoder, doubt=doubt)


def yolov6(probe: Probe, asked: bool) -> GraphLayout | None:
    """Like decoded YOLOX, but an objectness that is 1 everywhere, and fed as the YOLO family."""
    columns = columns_of(probe, objectness=1)
    if columns is None or columns.scores < 2 or columns.turned:
        return None
    if not asked and not (_pyramid(probe, columns.rows) and always_one(columns.table[..., 4])):
        return None
    classes = columns.scores - 1
    reason = f"one output {tuple(columns.table.shape)}, an objectness of 1 in all rows and {classes} classes"
    return GraphLayout("yolov6", reason, classes, YOLO, _decoded(columns, probe, objectness=True))


def _pyramid(probe: Probe, rows: int) -> tuple[int, ...] | None:
    return next((s for s in PYRAMIDS if rows == cell_count(probe.canvas_hw, s)), None)


def _shape(probe: Probe) -> tuple[int, ...]:
    return tuple(probe.outputs[0].shape)


def _and(columns: Columns) -> str:
    return f", then {columns.rest}" if columns.rest else ""


def _decoded(columns: Columns, probe: Probe, *, objectness: bool) -> Table:
    table, end = columns.table, 4 + columns.scores
    first = 5 + objectness  # counted from 1
    if odd := odd_columns(table[..., first - 1 : end]):
        raise BadInput(
            f"columns {first + odd[0]} to {first + odd[-1]} of {tuple(table.shape)} leave [0, 1] "
            "and others do not, so not all of them are scores. Say what the network does, victim.task=pose, segment or "
            "obb, and name its classes, victim.labels=[…]"
        )
    return Table(
        channels_first=columns.turned,
        objectness=objectness,
        logits=are_logits(table[..., 4:end]),
        scale_xy=scale(table[..., :4], probe.canvas_hw),
        scores=columns.scores,
        angle_at=end if columns.angle else None,
    )
