"""How many objects a detector does not see, as MAITE's metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy.stats import binomtest
from torchvision.ops import box_iou

from physadv.api import BadOption
from physadv_maite.exchange import boxes_of


class MissedObjects:
    """The share of objects of the class ``label`` (``None``: of all) that no report of their class overlaps enough.

    With n and Wilson's 95 % interval. It is no attack success by itself: compare it with the same data without a
    patch and with a grey one.
    """

    def __init__(self, *, label: int | None = None, confidence: float = 0.5, iou: float = 0.5) -> None:
        if not (0 <= confidence <= 1 and 0 < iou <= 1):
            raise BadOption(f"confidence must be within 0 and 1, iou above 0 and at most 1; got {confidence}, {iou}")
        self._label, self._confidence, self._iou = label, confidence, iou
        self.metadata = {"id": "physadv/missed-objects"}
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._missed = self._count = 0

    def update(self, pred: Sequence[Any], target: Sequence[Any], metadata: Sequence[Mapping[str, Any]], /) -> None:
        """Count a batch."""
        for told, true in zip(pred, target, strict=True):
            labels = _numbers(true.labels)
            wanted = np.array([self._label in (None, label) for label in labels], dtype=bool)
            seen = self._seen(told, boxes_of(true, "a target"), labels)
            self._count += int(wanted.sum())
            self._missed += int((wanted & ~seen).sum())

    def compute(self) -> Mapping[str, Any]:
        """``missed``, ``low``, ``high`` and ``n``; without an object the first three are ``None``."""
        return with_interval("missed", self._missed, self._count)

    def _seen(self, told: Any, boxes: torch.Tensor, labels: np.ndarray) -> np.ndarray:
        """``(N,)`` whether each object is reported."""
        reports = boxes_of(told, "a prediction")
        if not len(boxes) or not len(reports):
            return np.zeros(len(boxes), dtype=bool)
        scores = np.asarray(told.scores, dtype=np.float32).reshape(len(reports), -1)
        alike = labels[:, None] == _numbers(told.labels)[None]
        fits = (box_iou(boxes, reports).numpy() >= self._iou) & (scores.max(1) >= self._confidence)[None]
        return (alike & fits).any(1)


def _numbers(labels: Any) -> np.ndarray:
    return np.asarray(labels).reshape(-1).astype(int)


def with_interval(name: str, successes: int, count: int) -> dict[str, Any]:
    """A share by its name, Wilson's 95 % interval (``low`` and ``high``) and ``n``; ``None`` where n is 0."""
    if not count:
        return {name: None, "low": None, "high": None, "n": 0}
    ends = binomtest(successes, count).proportion_ci(method="wilson")
    return {name: successes / count, "low": float(ends.low), "high": float(ends.high), "n": count}
