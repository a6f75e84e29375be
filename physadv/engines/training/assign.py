"""Which cells learn which object, and what they are told: SimOTA and the loss of the reference detector.

SimOTA: Ge et al., "YOLOX" (2021), §2.1. Classes learn the overlap as a soft target with down-weighted negatives, as
in VarifocalNet (Zhang et al., 2021); boxes learn by generalised IoU (Rezatofighi et al., 2019).
Everything is vectorised over the batch; objects are padded to the fullest image.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import generalized_box_iou_loss

_CENTRE_RADIUS = 2.5  # strides
_FAR, _OUTSIDE = 1e5, 1e9  # costs: in the box but not near its centre; neither


@dataclass(frozen=True, slots=True)
class Targets:
    """The objects of a batch, padded to ``G`` an image."""

    boxes_xyxy_px: Tensor  # (B, G, 4)
    labels: Tensor  # (B, G) int64
    real: Tensor  # (B, G) bool
    known: Tensor  # (B, K) bool: labels that were annotated in this image at all
    vague_xyxy_px: Tensor | None = None  # (B, V, 4) padded: crowds, and what is hardly in view: no background there

    def to(self, device: torch.device) -> Targets:
        """The same targets on another device."""
        boxes, labels, real, known = (
            part.to(device, non_blocking=True) for part in (self.boxes_xyxy_px, self.labels, self.real, self.known)
        )
        vague = None if self.vague_xyxy_px is None else self.vague_xyxy_px.to(device, non_blocking=True)
        return Targets(boxes, labels, real, known, vague)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """``(B,A,4)`` and ``(B,G,4)`` → ``(B,A,G)``."""
    low, high = torch.maximum(a[:, :, None, :2], b[:, None, :, :2]), torch.minimum(a[:, :, None, 2:], b[:, None, :, 2:])
    inter = (high - low).clamp_min(0).prod(-1)
    area_a, area_b = ((box[..., 2:] - box[..., :2]).prod(-1) for box in (a, b))
    return inter / (area_a[:, :, None] + area_b[:, None] - inter).clamp_min(1e-6)


@torch.no_grad()
def assign(boxes: Tensor, logits: Tensor, points: Tensor, strides: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """For every cell ``(B,A)``: whether it is responsible for an object, and for which one of its image."""
    truth, labels = targets.boxes_xyxy_px, targets.labels
    iou = pairwise_iou(boxes, truth) * targets.real[:, None]
    inside = _inside(points, truth)
    centre = (truth[..., :2] + truth[..., 2:]) / 2
    near = (points[None, :, None] - centre[:, None]).abs().amax(-1) < _CENTRE_RADIUS * strides
    likely = F.logsigmoid(logits).gather(2, labels[:, None].expand(-1, logits.shape[1], -1))
    cost = -likely - 3 * iou.clamp_min(1e-6).log() + _FAR * ~(inside & near) + _OUTSIDE * ~(inside | near)
    cost = cost + _OUTSIDE * ~targets.real[:, None]
    depth = min(10, cost.shape[1])
    wanted = (iou * (inside | near)).topk(depth, dim=1).values.sum(1).long().clamp(1, depth)  # (B, G)
    best = cost.topk(depth, dim=1, largest=False)
    taken = (torch.arange(depth, device=cost.device)[:, None] < wanted[:, None]) & (best.values < _OUTSIDE / 2)
    chosen = torch.zeros_like(cost, dtype=torch.bool).scatter_(1, best.indices, taken)
    # a cell that two objects want goes to the cheaper one
    cheapest = cost.masked_fill(~chosen, 2 * _OUTSIDE).argmin(2)
    return chosen.any(2), cheapest


def _inside(points: Tensor, boxes: Tensor) -> Tensor:
    """``(A,2)`` and ``(B,G,4)`` → ``(B,A,G)``: which cells have their centre in which box."""
    cells = points[None, :, None]
    return torch.cat([cells - boxes[:, None, :, :2], boxes[:, None, :, 2:] - cells], -1).amin(-1) > 0


def detection_loss(boxes: Tensor, logits: Tensor, points: Tensor, strides: Tensor, targets: Targets) -> Tensor:
    """A scalar: class loss plus twice the box loss, per responsible cell.

    ``boxes`` ``(B,A,4)``, ``logits`` ``(B,A,K)``, ``points`` ``(A,2)`` px, ``strides`` ``(A,1)``.
    """
    responsible, which = assign(boxes.detach(), logits.detach(), points, strides, targets)
    image, cell = responsible.nonzero(as_tuple=True)
    truth = targets.boxes_xyxy_px[image, which[image, cell]]
    predicted = boxes[image, cell]
    with torch.no_grad():
        overlap = pairwise_iou(predicted[:, None], truth[:, None])[:, 0, 0].clamp(0, 1)
        goal = torch.zeros_like(logits)
        goal[image, cell, targets.labels[image, which[image, cell]]] = overlap
        weight = torch.where(goal > 0, goal, 0.75 * logits.sigmoid().square()) * targets.known[:, None]
        if targets.vague_xyxy_px is not None:
            weight = weight * (responsible | ~_inside(points, targets.vague_xyxy_px).any(2))[..., None]
    class_loss: Tensor = (F.binary_cross_entropy_with_logits(logits, goal, reduction="none") * weight).sum()
    box_loss: Tensor = generalized_box_iou_loss(predicted, truth, reduction="sum")
    return (class_loss + 2 * box_loss) / max(len(image), 1)
