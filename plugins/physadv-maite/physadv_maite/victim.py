"""A MAITE object detector as a victim: a black box that gives boxes and scores, and never a gradient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.api import AccessLevel, BadInput, Candidates, Detections, Task
from physadv_maite.advertised import made
from physadv_maite.exchange import boxes_of, class_names, clipped, maite_from_srgb
from physadv_maite.options import MaiteVictimConfig, arguments_of


class MaiteVictim:
    """Asks the model with arrays of its range. Its suppression is its own: boxes come out as it reports them.

    MAITE shows no weights, so ``digest`` is a hash of what names the model.
    """

    task, access, networks = Task.detection, AccessLevel.scores, ()

    def __init__(
        self, model: Any, *, input_range: str, labels: Sequence[str] = (), confidence: float = 0.5, facts: str = ""
    ) -> None:
        metadata = dict(model.metadata)
        self._model, self._range, self.confidence = model, input_range, confidence
        self.name = f"maite/{metadata.get('id', type(model).__name__)}"
        self._classes = class_names(metadata, labels, self.name)
        self.labels = self._classes.names
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        self.digest = hashlib.sha256(f"{self.name} {kind} {input_range} {facts}".encode()).hexdigest()

    @torch.no_grad()
    def outputs(self, images: Tensor) -> Candidates:
        """One candidate for each box that the model reports; pictures with fewer are filled up with scores of 0."""
        height, width = images.shape[-2:]
        answers = list(self._model([maite_from_srgb(image, self._range) for image in images]))
        if len(answers) != len(images):
            raise BadInput(f"{self.name} answers {len(answers)} targets on {len(images)} pictures")
        each = [clipped(boxes_of(one, self.name), height, width) for one in answers]
        most = max((len(boxes) for boxes in each), default=0)
        boxes, scores = torch.zeros(len(images), most, 4), torch.zeros(len(images), most, len(self.labels))
        for row, (found, answer) in enumerate(zip(each, answers, strict=True)):
            boxes[row, : len(found)] = found
            scores[row, : len(found)] = self._scores(answer, len(found))
        return Candidates(boxes.to(images), scores.to(images))

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """The boxes whose best class reaches the threshold, best first."""
        bar = self.confidence if confidence is None else confidence
        found = []
        for boxes, scores in zip(outputs.boxes_xyxy_px, outputs.scores, strict=True):
            best, label = scores.max(1)
            order = best.argsort(descending=True, stable=True)
            order = order[(best[order] >= bar) & (best[order] > 0)]
            found.append(Detections(boxes[order], best[order], label[order]))
        return tuple(found)

    def to(self, device: torch.device | str) -> MaiteVictim:
        """Itself: where the model computes is its own business."""
        return self

    def _scores(self, answer: Any, count: int) -> Tensor:
        """``(count, K)``: of each box the score of its class, or those of all classes."""
        told = torch.from_numpy(np.array(answer.scores, dtype=np.float32))
        if told.numel() and not (float(told.min()) >= -1e-4 and float(told.max()) <= 1 + 1e-4):
            raise BadInput(f"{self.name} scores from {float(told.min()):g} to {float(told.max()):g}; [0, 1] is due")
        told = told.clamp(0, 1)
        if told.shape == (count, len(self.labels)):
            return told
        columns = self._classes.columns(answer.labels, self.name)
        if told.numel() != count or len(columns) != count:
            raise BadInput(f"{self.name}: {count} boxes, {len(columns)} labels, scores {tuple(told.shape)}")
        return torch.zeros(count, len(self.labels)).scatter(1, columns[:, None], told.reshape(count, 1))


def build(config: MaiteVictimConfig) -> MaiteVictim:
    """Make the model by keyword and wrap it."""
    model = made(
        "victim.model", config.model, "object_detection.Model", arguments_of("victim.arguments", config.arguments)
    )
    facts = json.dumps([config.model, list(config.arguments)], default=str, sort_keys=True)
    return MaiteVictim(
        model, input_range=config.input_range, labels=config.labels, confidence=config.confidence, facts=facts
    )
