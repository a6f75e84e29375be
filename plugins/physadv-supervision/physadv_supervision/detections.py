"""Detections of one picture, to supervision and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from physadv.api import BadInput, Detections, IncompatibleParts, MissingExtra, Task, Victim

try:
    import supervision as sv
except ImportError as error:
    raise MissingExtra("physadv-supervision needs supervision: pip install 'supervision>=0.31'") from error


def to_supervision(found: Detections, labels: Sequence[str] = ()) -> sv.Detections:
    """The same boxes, scores and class numbers; with ``labels`` also the names, as ``data["class_name"]``."""
    numbers = found.labels.cpu().numpy().astype(int)
    named = {"class_name": np.array([labels[number] for number in numbers], dtype=str)} if labels else {}
    return sv.Detections(
        xyxy=found.boxes_xyxy_px.detach().cpu().numpy().astype(np.float32).reshape(-1, 4),
        confidence=found.scores.detach().cpu().numpy().astype(np.float32), class_id=numbers, data=named,
    )  # fmt: skip


def from_supervision(found: sv.Detections) -> Detections:
    """Best first. Raises :class:`BadInput` for boxes without a class."""
    if found.class_id is None and len(found):
        raise BadInput("the detections have no class_id, so that there is no label for any of them")
    scores = np.ones(len(found), np.float32) if found.confidence is None else np.asarray(found.confidence, np.float32)
    order = np.argsort(-scores, kind="stable")
    numbers = np.zeros(0, np.int64) if found.class_id is None else np.asarray(found.class_id, np.int64)
    boxes = np.asarray(found.xyxy, np.float32).reshape(-1, 4)
    return Detections(*(torch.from_numpy(values[order].copy()) for values in (boxes, scores, numbers)))


def asked(victim: Victim[Any, Any], confidence: float | None = None) -> Callable[[np.ndarray], sv.Detections]:
    """The victim as supervision calls a model: a picture ``(H, W, 3)`` uint8 in BGR, as OpenCV has it.

    Raises :class:`IncompatibleParts` for a victim that reports no boxes.
    """
    if victim.task is not Task.detection:
        raise IncompatibleParts(f"{victim.name} reports no boxes. WholePicture(victim) makes a classifier a detector")

    @torch.no_grad()
    def look(bgr_u8: np.ndarray) -> sv.Detections:
        if bgr_u8.ndim != 3 or bgr_u8.shape[2] != 3 or bgr_u8.dtype != np.uint8:
            raise BadInput(f"a picture is (H, W, 3) uint8 in BGR, got {bgr_u8.shape} {bgr_u8.dtype}")
        srgb = torch.from_numpy(np.ascontiguousarray(bgr_u8[:, :, ::-1])).permute(2, 0, 1)[None].float() / 255
        (found,) = victim.decide(victim.outputs(srgb), confidence)
        return to_supervision(found, victim.labels)

    return look
