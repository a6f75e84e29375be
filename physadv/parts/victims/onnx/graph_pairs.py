"""Boxes in one output and scores in another: SSD, DETR and its kin, RF-DETR, RT-DETR, and whoever decodes in the graph.

Which is which is told by the outputs' names first, then by their shapes, then by their values. Whether a column stands
for *no object* is told by the number of names, by the configuration beside the file, by what such networks are made
of, and by the values on a picture of nothing; what none of these settles is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.victims.conventions import Conventions, ResizeMode
from physadv.parts.victims.onnx.graph_decoders import Activation, BoxesAndScores, Hw, SsdHead, cells
from physadv.parts.victims.onnx.graph_evidence import (
    are_logits,
    box_form,
    could_be_boxes,
    nearer,
    share_won,
    sum_to_one,
)
from physadv.parts.victims.onnx.graph_probe import FACE, GraphLayout, Probe

SSD_STRIDES = (8, 16, 32, 64)
SSD_SIDES_PX = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))  # Ultra-Light-Fast-Generic-Face-Detector
BOX_NAMES = frozenset(("dets", "pred_boxes", "boxes", "bboxes", "bbox", "box", "pred_bboxes", "det_boxes"))
SCORE_NAMES = frozenset(("labels", "logits", "pred_logits", "scores", "confs", "confidences", "probs", "class_logits"))
_CENTRE_NAMES = frozenset(("dets", "pred_boxes"))
# transformers' model types (docs of transformers 5, DETR family): softmax with no object last, or one score a class
_SOFTMAX_FAMILIES = frozenset(("detr", "yolos", "table-transformer", "table_transformer"))
_SIGMOID_FAMILIES = frozenset(
    (
        "conditional_detr", "deformable_detr", "dab-detr", "dab_detr", "deta", "rt_detr", "rt_detr_v2", "d_fine",
        "rf_detr", "lw_detr",
    )
)  # fmt: skip
_RT_FAMILIES = frozenset(("rt_detr", "rt_detr_v2", "d_fine", "dfine", "rtdetrdecoder"))
_COCO_80, _COCO_91 = 80, 91  # classes, and COCO's numbers with their gaps

_SSD = Conventions(white=255.0, mean=(127.0,) * 3, std=(128.0,) * 3, resize=ResizeMode.STRETCH)
_PLAIN = Conventions(resize=ResizeMode.STRETCH)
_IMAGENET = Conventions(resize=ResizeMode.STRETCH, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


@dataclass(frozen=True)
class Pair:
    """Which output holds boxes and which scores."""

    boxes_at: int
    scores_at: int
    boxes: Tensor
    scores: Tensor
    named: bool  # their names say so
    names: tuple[str, str]


def pair_of(probe: Probe) -> Pair | None:
    """Boxes and scores of the same rows, or ``None``. Raise :class:`BadInput` where nothing tells which is which."""
    names = tuple(name.lower().rsplit("/", 1)[-1] for name in probe.output_names) or ("",) * len(probe.outputs)
    shaped = [(b, s) for b in range(len(names)) for s in range(len(names)) if b != s and _fits(probe, b, s)]
    by_name = [(b, s) for b, s in shaped if names[b] in BOX_NAMES and names[s] in SCORE_NAMES]
    if probe.chosen and (0, 1) in shaped:
        by_name = [(0, 1)]
    chosen = by_name or (shaped if len(probe.outputs) == 2 else [])
    if not chosen:
        return None
    if len(chosen) > 1:  # four columns in both
        chosen = [(b, s) for b, s in chosen if _is_boxes_then_scores(probe, b, s)]
    if len(chosen) != 1:
        raise BadInput(
            f"both outputs have four columns ({probe.shapes}), and neither names nor values tell boxes from scores; "
            f"say which is which, boxes first: victim.outputs=[{','.join(probe.output_names)}]"
        )
    boxes_at, scores_at = chosen[0]
    return Pair(
        boxes_at, scores_at, probe.outputs[boxes_at], probe.outputs[scores_at], bool(by_name),
        (names[boxes_at], names[scores_at]),
    )  # fmt: skip


def _fits(probe: Probe, boxes_at: int, scores_at: int) -> bool:
    boxes, scores = probe.outputs[boxes_at], probe.outputs[scores_at]
    is_boxes = boxes.shape[-1] == 4 and (boxes.ndim == 3 or (boxes.ndim == 4 and boxes.shape[2] == 1))
    return is_boxes and scores.ndim == 3 and scores.shape[:2] == boxes.shape[:2]


def _is_boxes_then_scores(probe: Probe, boxes_at: int, scores_at: int) -> bool:
    boxes, scores = probe.outputs[boxes_at], probe.outputs[scores_at]
    as_stated, other_way = could_be_boxes(boxes, probe.canvas_hw), could_be_boxes(scores, probe.canvas_hw)
    if as_stated and other_way:  # scores within 0 and 1 could be shares: boxes in pixels leave them
        return are_logits(boxes) and not are_logits(scores)
    return as_stated


def ssd(probe: Probe, asked: bool) -> GraphLayout | None:
    """Offsets against the priors of Ultra-Light."""
    pair = pair_of(probe) if len(probe.outputs) == 2 else None
    prior = ssd_priors(probe.canvas_hw)
    if pair is None or pair.boxes.shape[1] != len(prior):
        return None
    boxes = pair.boxes[0].reshape(-1, 4)
    if not asked and nearer((boxes[:, :2] + boxes[:, 2:]) / 2, prior[:, :2].to(boxes)):
        return None  # the values are boxes already
    background = sum_to_one(pair.scores) and (probe.names is None or probe.names == pair.scores.shape[-1] - 1)
    classes = pair.scores.shape[-1] - int(background)
    reason = f"box offsets and scores for {len(prior)} priors, {classes} classes" + " after background" * background
    decoder = SsdHead(prior, probe.canvas_hw, boxes_at=pair.boxes_at, background=background)
    return GraphLayout("ssd", reason, classes, _SSD, decoder, FACE)


def rf_detr(probe: Probe, asked: bool) -> GraphLayout | None:
    """Outputs ``dets`` and ``labels``: logits for a sigmoid, one column more than classes."""
    pair = pair_of(probe)
    if pair is None or not (asked or pair.names == ("dets", "labels") or probe.facts.family == "rf_detr"):
        return None
    columns = pair.scores.shape[-1]
    whole = columns == _COCO_91 or probe.names == columns
    doubt = ""
    if not whole and probe.names is None:
        doubt = (
            f"column {columns} of {columns} is taken for the one that RF-DETR has to spare. If its classes were "
            f"numbered from 1, it is the first: give {columns} names, victim.labels=[nothing,…]"
        )
    return _read(
        probe, pair, "rf-detr", Activation.SIGMOID, slice(0, columns if whole else columns - 1), _IMAGENET, doubt
    )


def detr(probe: Probe, asked: bool) -> GraphLayout | None:
    """Softmax with *no object* as its last column (Carion et al. 2020, arXiv:2005.12872): DETR and YOLOS."""
    pair = pair_of(probe)
    if pair is None or pair.scores.shape[-1] < 2 or not (asked or _no_object_last(probe, pair)):
        return None
    logits = are_logits(pair.scores)
    kind = Activation.SOFTMAX if logits else Activation.NONE
    return _read(probe, pair, "detr", kind, slice(0, pair.scores.shape[-1] - 1), _IMAGENET)


def _no_object_last(probe: Probe, pair: Pair) -> bool:
    """Raise :class:`BadInput` where neither reading can be told from the other."""
    scores, columns, names = pair.scores, pair.scores.shape[-1], probe.names
    family, won = probe.facts.family, share_won(pair.scores, -1)
    if family in _SOFTMAX_FAMILIES | _SIGMOID_FAMILIES:
        return family in _SOFTMAX_FAMILIES
    if not are_logits(scores):
        return sum_to_one(scores) and won > 0.5 and names != columns
    if names == columns - 1 and (won > 0.5 or pair.named):
        return True
    if "GridSample" in probe.operations or probe.facts.family in _RT_FAMILIES:
        return False  # deformable attention: all of these score each class by itself
    if won > 0.5 and names == columns and _is_high(scores):
        raise BadInput(
            f"the last of {columns} columns wins in {won:.0%} of the rows, as 'no object' does, but {columns} labels "
            f"are known. Name the {columns - 1} classes, victim.labels=[…], or say {_EITHER}"
        )
    if names is not None:
        return False
    if won > 0.5 and _is_high(scores):
        return True
    if columns in (_COCO_80, _COCO_91, _COCO_91 - 1) or _all_low(scores) or not pair.named:
        return False
    if columns == _COCO_91 + 1:
        return True
    raise BadInput(
        f"outputs {' and '.join(pair.names)}: nothing says whether the last of {columns} columns is 'no object'. "
        f"Name the classes, victim.labels=[…], or say {_EITHER}"
    )


_EITHER = "victim.layout=detr (softmax, no object last) or victim.layout=boxes-scores (a score for each column)"


def _is_high(scores: Tensor) -> bool:
    """Whether the last column says something: one score a class stays low on a picture of nothing."""
    return float(scores[..., -1].sigmoid().median()) > 0.5


def _all_low(scores: Tensor) -> bool:
    """As focal loss leaves them on a picture of nothing (Lin et al. 2017, arXiv:1708.02002)."""
    return float(scores.sigmoid().median()) < 0.2


def boxes_scores(probe: Probe, asked: bool) -> GraphLayout | None:
    """Decoded boxes with a score for each class; RT-DETR among them."""
    pair = pair_of(probe)
    if pair is None:
        return None
    scores, columns, logits = pair.scores, pair.scores.shape[-1], are_logits(pair.scores)
    if logits:
        return _independent(probe, pair)
    background = columns > 1 and sum_to_one(scores) and (probe.names is None or probe.names == columns - 1)
    last = background and share_won(scores, -1) > share_won(scores, 0)
    kept = slice(0, columns - 1) if last else slice(int(background), columns)
    return _read(probe, pair, "boxes-scores", Activation.NONE, kept, _PLAIN)


def rt_detr(probe: Probe, asked: bool) -> GraphLayout | None:
    """Only where it is asked for, or its configuration says so: logits for a sigmoid, fed in [0, 1]."""
    pair = pair_of(probe)
    if pair is None or not (asked or probe.facts.family in _RT_FAMILIES):
        return None
    kind = Activation.SIGMOID if are_logits(pair.scores) else Activation.NONE
    return _read(probe, pair, "rt-detr", kind, slice(0, pair.scores.shape[-1]), _PLAIN)


def _independent(probe: Probe, pair: Pair) -> GraphLayout:
    columns = pair.scores.shape[-1]
    conventions, doubt = _PLAIN, ""
    if pair.names[0] in _CENTRE_NAMES and not probe.facts.mean:
        conventions = _IMAGENET if columns == _COCO_91 else _PLAIN
        if columns not in (_COCO_80, _COCO_91) and probe.facts.family not in _RT_FAMILIES:
            doubt = (
                "fed red first and in [0, 1], as RT-DETR is. If it was trained with ImageNet's mean and std, say "
                "victim.mean=[0.485,0.456,0.406] victim.std=[0.229,0.224,0.225]"
            )
    return _read(probe, pair, "boxes-scores", Activation.SIGMOID, slice(0, columns), conventions, doubt)


def _read(
    probe: Probe, pair: Pair, name: str, activation: Activation, kept: slice, conventions: Conventions, doubt: str = ""
) -> GraphLayout:
    shares = float(pair.boxes.abs().max()) <= 2 if pair.boxes.numel() else False
    kin = name != "boxes-scores" or pair.names[0] in _CENTRE_NAMES
    usual = "centres" if shares and kin else "corners"
    form = box_form(pair.boxes, probe, usual=usual)
    if not form.certain and not kin:
        doubt = doubt or f"boxes are taken for {form.words}; if they are not, say victim.boxes={form.other}"
    classes = len(range(*kept.indices(pair.scores.shape[-1])))
    last = "a column to spare" if name == "rf-detr" else "'no object'"
    after = " after background" * (kept.start > 0) + f" before {last}" * (kept.stop < pair.scores.shape[-1])
    what = "scores" if activation is Activation.NONE else f"logits for a {activation.value}"
    reason = f"boxes {tuple(pair.boxes.shape)} as {form.words}, {classes} {what}{after}"
    decoder = BoxesAndScores(
        places=(pair.boxes_at, pair.scores_at), centres=form.centres, activation=activation, kept=kept,
        scale_xy=form.scale_xy,
    )  # fmt: skip
    return GraphLayout(name, reason, classes, conventions, decoder, doubt=doubt)


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
