"""A classifier as patch attacks see it: a detector whose one object is the whole picture."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.types import Candidates, Detections
from physadv.core.wrapped import Wrapped

MAX_LOG_ODDS = 13.0
"""Scores stay within ±13 in log-odds (2.3e-6 from 0 and 1): beyond, float32 has no log-odds to speak of."""


class WholePicture(Wrapped[ClassLogits, TopClasses]):
    """``outputs`` is one candidate an image: the whole image as its box, softmax over the labels as its scores.

    The gradient is that of the log-odds and does not fade where the softmax saturates.
    """

    def outputs(self, images: Tensor) -> Candidates:
        """``(B, 1, 4)`` boxes, all of them the whole image, and ``(B, 1, K)`` scores."""
        logits = self.victim.outputs(images).logits
        height, width = images.shape[-2:]
        boxes = images.new_tensor([0, 0, width, height]).expand(len(images), 1, 4)
        return Candidates(boxes, _scores(logits)[:, None])

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """The best class of each image; nothing where it scores too low, or the classifier abstains."""
        min_score = self.confidence if confidence is None else confidence
        scores = outputs.scores.detach().float()
        best, label = scores.max(dim=2)
        every = zip(outputs.boxes_xyxy_px.detach().float(), best, label, strict=True)
        answers = self.victim.decide(ClassLogits(scores[:, 0].clamp(min=1e-12).log()), 0.0).reported.tolist()
        bars = [min_score if told else float("inf") for told in answers]
        return tuple(Detections(*one).above(bar) for one, bar in zip(every, bars, strict=True))

    def to(self, device: torch.device | str) -> WholePicture:
        """The same view of the classifier on another device."""
        return WholePicture(self.victim.to(device))


def _scores(logits: Tensor) -> Tensor:
    """Softmax of ``(B, K)``, computed through each class's log-odds against all others.

    A softmax that has saturated has no gradient left, and attacks would stop before they begin. So the log-odds are
    exact at any size, and limited with the gradient of the identity.
    """
    odds = _log_odds(logits)
    limited = odds + (odds.clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS) - odds).detach()
    return limited.sigmoid()


def _log_odds(logits: Tensor) -> Tensor:
    """``log p - log(1 - p)`` of every class."""
    best = logits.argmax(dim=1, keepdim=True)
    is_best = torch.zeros_like(logits, dtype=torch.bool).scatter(1, best, True)
    rest = logits.masked_fill(is_best, float("-inf")).logsumexp(dim=1, keepdim=True)
    whole = logits.logsumexp(dim=1, keepdim=True)
    share = (logits - whole).exp().masked_fill(is_best, 0)  # of the others: at most one half
    return torch.where(is_best, logits - rest, logits - whole - torch.log1p(-share))
