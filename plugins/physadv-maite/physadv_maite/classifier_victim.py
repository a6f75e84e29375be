"""A MAITE image classifier as a victim: a black box that scores classes, and never a gradient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.api import AccessLevel, BadInput, ClassLogits, Task, TopClasses
from physadv_maite.advertised import made
from physadv_maite.exchange import class_names, maite_from_srgb
from physadv_maite.options import MaiteClassifierConfig, arguments_of

SMALLEST = 1e-12  # probability, so that its logarithm is finite


class MaiteClassifier:
    """Asks the model with arrays of its range. Probabilities become logits by their logarithm: softmax gives them back.

    MAITE shows no weights, so ``digest`` is a hash of what names the model.
    """

    task, access, networks = Task.classification, AccessLevel.scores, ()

    def __init__(
        self, model: Any, *, input_range: str, scores: str, labels: Sequence[str] = (), confidence: float = 0.0,
        facts: str = "",
    ) -> None:  # fmt: skip
        metadata = dict(model.metadata)
        self._model, self._range, self._scores, self.confidence = model, input_range, scores, confidence
        self.name = f"maite/{metadata.get('id', type(model).__name__)}"
        known = class_names(metadata, labels, self.name)
        self.labels = known.names
        if sorted(known.column_of) != list(range(len(self.labels))):
            raise BadInput(f"{self.name} numbers its classes {sorted(known.column_of)[:20]}: a score has no number but "
                           "its place, so they must count from 0 without gaps. Say them with labels=[…]")  # fmt: skip
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        self.digest = hashlib.sha256(f"{self.name} {kind} {input_range} {scores} {facts}".encode()).hexdigest()

    @torch.no_grad()
    def outputs(self, images: Tensor) -> ClassLogits:
        """``(B, K)``, of each picture what the model scores."""
        answers = list(self._model([maite_from_srgb(image, self._range) for image in images]))
        if len(answers) != len(images):
            raise BadInput(f"{self.name} answers {len(answers)} targets on {len(images)} pictures")
        told = [torch.from_numpy(np.array(answer, dtype=np.float32)) for answer in answers]
        for one in told:
            self._expect(one)
        scores = torch.stack(told).to(images)
        return ClassLogits(scores.clamp(min=SMALLEST).log() if self._scores == "probabilities" else scores)

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        """The best class of each picture."""
        return TopClasses.of(outputs, self.confidence if confidence is None else confidence)

    def to(self, device: torch.device | str) -> MaiteClassifier:
        """Itself: where the model computes is its own business."""
        return self

    def _expect(self, scores: Tensor) -> None:
        if tuple(scores.shape) != (len(self.labels),) or not bool(torch.isfinite(scores).all()):
            raise BadInput(f"{self.name} scores {tuple(scores.shape)}; one finite number for each of "
                           f"{len(self.labels)} classes is due")  # fmt: skip
        if self._scores == "probabilities":
            low, total = float(scores.min()), float(scores.sum())
            if low < -1e-4 or abs(total - 1) > 1e-2:
                raise BadInput(
                    f"{self.name} scores from {low:g}, {total:g} in all: no probabilities. Say scores=logits"
                )


def build(config: MaiteClassifierConfig) -> MaiteClassifier:
    """Make the model by keyword and wrap it."""
    arguments = arguments_of("victim.arguments", config.arguments)
    model = made("victim.model", config.model, "image_classification.Model", arguments)
    return MaiteClassifier(
        model, input_range=config.input_range, scores=config.scores, labels=config.labels,
        confidence=config.confidence, facts=json.dumps([config.model, list(config.arguments)]),
    )  # fmt: skip
