"""Finished detections, a row each: detectors without suppression, and those with suppression inside."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.victims.onnx.graph_decoders import EndToEnd, Joined
from physadv.parts.victims.onnx.graph_evidence import BoxForm, box_form, family_rows, many_different
from physadv.parts.victims.onnx.graph_probe import GraphLayout, Probe
from physadv.parts.victims.onnx.graph_tables import RTDETR, YOLO

ROWS = 1000  # detectors report at most so many
_COCO_80, _COCO_91 = 80, 91
_NAMES = {
    "boxes": ("boxes", "det_boxes", "bboxes", "dets", "num_dets_boxes"),
    "scores": ("scores", "det_scores"),
    "labels": ("labels", "det_classes", "classes", "class_ids", "det_labels"),
}


@dataclass(frozen=True)
class RowLayout:
    """Where things stand in a row."""

    box_at: int = 0
    score_at: int = 4
    label_at: int = 5
    angle_at: int | None = None

    @property
    def words(self) -> str:
        """For messages."""
        return "score and class" if self.score_at < self.label_at else "class and score"


def end_to_end(probe: Probe, asked: bool) -> GraphLayout | None:
    """One table ``(1, rows, 6 or more)``: box, score, class, and then what the task adds."""
    table = _table(probe)
    if table is None or (not asked and (table.shape[1] > ROWS or family_rows(probe.canvas_hw, table.shape[1]))):
        return None
    row = _row(probe, table)
    if row is None or not (asked or _is_finished(probe, table, row)):
        return None
    classes, doubt = _classes(probe, table[..., row.label_at])
    form = _form(probe, table[..., row.box_at : row.box_at + 4], turned=row.angle_at is not None)
    reason = (
        f"one output {tuple(table.shape)}: {form.words}, {row.words}, "
        f"{'with suppression inside' if probe.suppresses else 'without suppression'}; {classes} labels"
    )
    decoder = EndToEnd(
        classes, form.scale_xy, centres=form.centres, box_at=row.box_at, score_at=row.score_at, label_at=row.label_at,
        angle_at=row.angle_at,
    )  # fmt: skip
    if _empty(table) and probe.facts.task == "" and probe.boxes == "auto":
        doubt = doubt or (
            f"no picture of the trial run held anything, so boxes are taken for {form.words}; if they are not, say "
            "victim.boxes=corners-in-shares or another form"
        )
    return _layout(probe, form, reason, classes, decoder, doubt, certain=probe.suppresses or row.angle_at is not None)


def _form(probe: Probe, boxes: Tensor, *, turned: bool) -> BoxForm:
    """Turned boxes and RT-DETR's, the only ones in shares that are common, are centre and size; others are corners."""
    shares = box_form(boxes, probe, usual="corners").scale_xy != (1.0, 1.0)
    centres = turned or "rtdetr" in probe.facts.family or (shares and not many_different(boxes))
    return box_form(boxes, probe, usual="centres" if centres else "corners")


def _table(probe: Probe) -> Tensor | None:
    first, extra = probe.outputs[0], probe.outputs[1:]
    masks = len(extra) == 1 and extra[0].ndim == 4
    return first if first.ndim == 3 and (not extra or masks) and first.shape[2] >= 6 else None


def _row(probe: Probe, table: Tensor) -> RowLayout | None:
    columns = int(table.shape[2])
    if columns == 7 and probe.task == "obb":
        return RowLayout(angle_at=6)
    if columns == 7 and probe.suppresses:  # image, corners, class, score: as YOLOv7 exports for ONNX Runtime
        return RowLayout(box_at=1, score_at=6, label_at=5)
    if columns > 6 and not (probe.task in ("pose", "segment") or len(probe.outputs) > 1):
        return None
    if columns == 6 and table.numel() and not _whole(table[..., 5]) and _whole(table[..., 4]):
        return RowLayout(score_at=5, label_at=4)
    return RowLayout()


def _empty(table: Tensor) -> bool:
    return not table.numel() or not bool(table[..., :6].any())


def _is_finished(probe: Probe, table: Tensor, row: RowLayout) -> bool:
    """Classes are whole numbers and scores lie within 0 and 1; with no row to look at, suppression is evidence."""
    if _empty(table):
        return probe.suppresses
    scores = table[..., row.score_at]
    return _whole(table[..., row.label_at]) and bool(((scores >= -1e-3) & (scores <= 1 + 1e-3)).all())


def _whole(values: Tensor) -> bool:
    return torch.equal(values, values.round())


def _classes(probe: Probe, labels: Tensor, *, first: int = 0) -> tuple[int, str]:
    """How many, and what was taken for granted."""
    classes = probe.names or (_COCO_91 - 1 if first else _COCO_80)
    if labels.numel() and not -1.5 <= float(labels.min()) <= float(labels.max()) < classes + first:
        raise BadInput(
            f"the model reports class {int(labels.max())}, but {classes} labels are known; give victim.labels=[…]"
        )
    if probe.names is None:
        return classes, (
            f"its classes have no names and their number shows nowhere: COCO's {classes} are taken; if they are "
            "others, give victim.labels=[…]"
        )
    return classes, ""


def _layout(
    probe: Probe, form: BoxForm, reason: str, classes: int, decoder: EndToEnd | Joined, doubt: str, *, certain: bool
) -> GraphLayout:
    stretched = "rtdetr" in probe.facts.family or (form.centres and form.scale_xy != (1.0, 1.0))
    if not form.certain and not certain and probe.facts.task != "detect":
        doubt = doubt or f"boxes are taken for {form.words}; if they are not, say victim.boxes={form.other}"
    conventions = RTDETR if stretched else YOLO
    return GraphLayout("rt-detr" if stretched else "end-to-end", reason, classes, conventions, decoder, doubt=doubt)


def joined(probe: Probe, asked: bool) -> GraphLayout | None:
    """Boxes, scores and classes in outputs of their own, known by their names."""
    names = [name.lower().rsplit("/", 1)[-1] for name in probe.output_names]
    at = {kind: next((names.index(name) for name in known if name in names), None) for kind, known in _NAMES.items()}
    boxes_at, scores_at, labels_at = at["boxes"], at["scores"], at["labels"]
    if boxes_at is None or labels_at is None:
        return None
    boxes, labels = probe.outputs[boxes_at], probe.outputs[labels_at]
    width = 4 if scores_at is not None else 5
    flat = labels.ndim == 2 or (labels.ndim == 3 and labels.shape[2] == 1)
    if boxes.ndim != 3 or boxes.shape[2] != width or not flat or labels.shape[:2] != boxes.shape[:2]:
        return None
    if scores_at is not None and probe.outputs[scores_at].shape[:2] != boxes.shape[:2]:
        return None
    first = int(_counts_from_one(probe, names))
    classes, doubt = _classes(probe, labels, first=first)
    form = box_form(boxes[..., :4], probe, usual="corners")
    decoder = EndToEnd(classes, form.scale_xy, centres=form.centres, first_class=first)
    both = Joined(decoder, boxes_at=boxes_at, scores_at=scores_at, labels_at=labels_at)
    reason = f"finished detections: {form.words}, scores and classes{' from 1' * first}; {classes} labels"
    if "orig_target_sizes" in probe.constants:
        return GraphLayout("rt-detr", reason, classes, RTDETR, both, doubt=doubt)
    return _layout(probe, form, reason, classes, both, doubt, certain=True)


def _counts_from_one(probe: Probe, names: list[str]) -> bool:
    """torchvision's detectors keep 0 for background; they have suppression inside and these three outputs."""
    return probe.suppresses and sorted(names)[:3] == ["boxes", "labels", "scores"] and "RoiAlign" in probe.operations
