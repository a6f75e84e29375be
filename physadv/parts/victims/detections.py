"""From every candidate to what a detector reports: threshold, then non-maximum suppression per class."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from physadv.core.types import Candidates, Detections

MAX_SUPPRESSED = 10_000
"""Boxes an image that enter suppression, best first; it bounds the time at very low thresholds."""


@torch.no_grad()
def decide(
    candidates: Candidates, confidence: float, iou: float, top: int = 300, *, every_class: bool = False
) -> tuple[Detections, ...]:
    """Report, image by image and best first, what scores at least ``confidence`` and is no one's double.

    A box is a double when a better box of its own class overlaps it by more than ``iou``. At most ``top`` remain.
    A candidate is reported as its best class (YOLO practice); with ``every_class`` as each class that passes
    (torchvision practice). Without gradient.
    """
    return tuple(
        _decide_one(boxes, scores, confidence, iou, top, every_class)
        for boxes, scores in zip(candidates.boxes_xyxy_px.float(), candidates.scores.float(), strict=True)
    )


def _decide_one(
    boxes: Tensor, scores: Tensor, confidence: float, iou: float, top: int, every_class: bool
) -> Detections:
    if every_class:
        row, label = (scores >= confidence).nonzero(as_tuple=True)
        score = scores[row, label]
    elif scores.shape[0] and scores.shape[1]:
        row = (scores.amax(dim=1) >= confidence).nonzero(as_tuple=True)[0]  # a third of the time that max takes
        score, label = scores[row].max(dim=1)
    else:
        row, label, score = (
            scores.new_zeros(0, dtype=torch.int64),
            scores.new_zeros(0, dtype=torch.int64),
            scores[:0, 0],
        )
    if len(score) > MAX_SUPPRESSED:
        score, strongest = score.topk(MAX_SUPPRESSED)
        row, label = row[strongest], label[strongest]
    kept = batched_nms(boxes[row], score, label, iou)[:top]
    return Detections(boxes[row[kept]], score[kept], label[kept])
