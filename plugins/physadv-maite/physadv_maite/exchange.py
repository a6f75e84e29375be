"""Pictures and boxes from MAITE's arrays to our tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.api import BadInput, Detections

TOP = {"0-1": 1.0, "0-255": 255.0}


@dataclass(frozen=True)
class BoxTarget:
    """What MAITE calls an ``ObjectDetectionTarget``, of arrays."""

    boxes: np.ndarray  # (N, 4) x0, y0, x1, y1, float32
    labels: np.ndarray  # (N,) int64
    scores: np.ndarray  # (N,) float32


@dataclass(frozen=True)
class ClassNames:
    """Names in the order of our columns, and the column of each of MAITE's numbers, which may have gaps."""

    names: tuple[str, ...]
    column_of: Mapping[int, int]

    def columns(self, labels: Any, whose: str) -> Tensor:
        """``(N,)`` int64. Raises :class:`BadInput` for a number without a name."""
        numbers = np.asarray(labels).reshape(-1).astype(int).tolist()
        if unknown := sorted(set(numbers) - set(self.column_of)):
            raise BadInput(
                f"{whose} has the class {unknown[0]}, which has no name. Known: {sorted(self.column_of)[:20]}"
            )
        return torch.tensor([self.column_of[number] for number in numbers], dtype=torch.int64)


def class_names(metadata: Mapping[str, Any], said: Sequence[str], whose: str) -> ClassNames:
    """Of the metadata's ``index2label``, or those that were said, numbered from 0."""
    known = dict(enumerate(said)) if said else dict(metadata.get("index2label") or {})
    if not known:
        raise BadInput(f"{whose} does not name its classes (index2label): say them with labels=[…]")
    numbers = sorted(int(number) for number in known)
    named = {int(number): str(name) for number, name in known.items()}
    return ClassNames(tuple(named[n] for n in numbers), {number: place for place, number in enumerate(numbers)})


def srgb_from_maite(image: Any, input_range: str, whose: str) -> Tensor:
    """``(3, H, W)`` in [0, 1] of any array. Raises :class:`BadInput` where it is no picture of that range."""
    values = np.array(image, dtype=np.float32)  # a copy: MAITE's own must stay as it is
    if values.ndim != 3 or values.shape[0] != 3 or 0 in values.shape:
        raise BadInput(f"{whose} must be a picture (3, H, W), got {values.shape}")
    low, high = float(values.min()), float(values.max())
    if not (low >= -1e-3 * TOP[input_range] and high <= 1.001 * TOP[input_range]):
        raise BadInput(f"{whose} has values from {low:g} to {high:g}; input_range={input_range} was said")
    return torch.from_numpy(values / TOP[input_range]).clamp(0, 1)


def maite_from_srgb(srgb: Tensor, input_range: str) -> np.ndarray:
    """``(3, H, W)`` float32 for 0-1, uint8 for 0-255."""
    if input_range == "0-1":
        return srgb.detach().cpu().numpy().astype(np.float32)
    return (srgb.detach().cpu() * 255).round().clamp(0, 255).to(torch.uint8).numpy()


def target_of(found: Detections, names: ClassNames | None = None) -> BoxTarget:
    """Detections as MAITE's target; without names the columns are the numbers."""
    numbers = {column: number for number, column in names.column_of.items()} if names else {}
    labels = [numbers.get(column, column) for column in found.labels.tolist()]
    boxes, scores = (values.detach().cpu().numpy().astype(np.float32) for values in (found.boxes_xyxy_px, found.scores))
    return BoxTarget(boxes.reshape(-1, 4), np.array(labels, dtype=np.int64), scores)


def boxes_of(target: Any, whose: str) -> Tensor:
    """``(N, 4)`` float32; no box at all may come in any shape. Raises :class:`BadInput` for what is no box."""
    boxes = np.array(target.boxes, dtype=np.float32)
    if boxes.size == 0:
        return torch.zeros(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise BadInput(f"{whose} must have finite boxes (N, 4), got {boxes.shape}")
    return torch.from_numpy(boxes)


def clipped(boxes: Tensor, height: int, width: int) -> Tensor:
    """The boxes ``(N, 4)`` cut to the picture."""
    return torch.minimum(boxes.clamp(min=0), boxes.new_tensor([width, height, width, height]))
