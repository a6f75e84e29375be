"""A detector that remembers frames: what it reports now depends on what it reported before.

Every picture of a batch is the next frame of a film of its own, whose number is its place in the batch. Another number
of pictures is another set of films.

The memory works on ``outputs``, so ``decide`` stays what it is at every threshold, and a loss sees what is decided on:

    reported now, unknown before  →  its candidates are worth at most what the memory grants
    known before, missing now     →  another candidate at the place where it should be

It holds no graph: the gradient is the present frame's alone, straight through (Bengio et al. 2013), also of a box
that is only remembered, where it is that of the best candidate there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from physadv.core.defended import Defended
from physadv.core.protocols import Defense, Victim
from physadv.core.types import Candidates, Detections
from physadv.library.tracking.iou import F64, MIN_IOU, Track, overlap

Detector = Victim[Candidates, tuple[Detections, ...]]


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a film's earlier frames make of the present one."""

    limits: tuple[float, ...]  # of each report: the score it is worth at most
    added: tuple[tuple[Track, float], ...] = ()  # what is not reported, and what it is worth all the same


class FilmMemory(Protocol):
    """The memory of one film."""

    def next(self, boxes_xyxy_px: F64, labels: list[int], scores: list[float]) -> Recollection:
        """Take in the reports ``(n, 4)``, ``n`` labels and scores, of the next frame."""
        ...


class Remembering(Defended[Candidates, tuple[Detections, ...]]):
    """The detector with a memory for every film."""

    def __init__(
        self,
        victim: Detector,
        defense: Defense,
        options: Mapping[str, Any],
        film: Callable[[], FilmMemory],
        before: int,
    ) -> None:
        """``film`` makes the memory of a film that has not begun, which ``before`` frames fill."""
        super().__init__(victim, defense, options)
        self._film, self._before = film, before
        self._films: list[FilmMemory] = []

    def outputs(self, images: Tensor) -> Candidates:
        """The next frame of every film. What is remembered are reports at the victim's operating point."""
        outputs = self.victim.outputs(images)
        reports = self.victim.decide(Candidates(outputs.boxes_xyxy_px.detach(), outputs.scores.detach()))
        if len(self._films) != len(images):
            self._films = [self._film() for _ in images]
        rows = [
            _recalled(boxes, scores, found, film, self.confidence, (images.shape[-1], images.shape[-2]))
            for boxes, scores, found, film in zip(
                outputs.boxes_xyxy_px, outputs.scores, reports, self._films, strict=True
            )
        ]
        return Candidates(*(_stacked([row[i] for row in rows]) for i in (0, 1))) if rows else outputs

    @property
    def lead_in(self) -> int:
        """Its own, after those that fill the memories of the defences inside."""
        return self._before + super().lead_in

    def reset(self) -> None:
        """Forget all frames of all films."""
        self._films = []
        super().reset()

    def to(self, device: torch.device | str) -> Remembering:
        """The same on another device, with a memory of its own that holds nothing yet."""
        return Remembering(self.victim.to(device), self.defense, self.options, self._film, self._before)


def _recalled(
    boxes: Tensor, scores: Tensor, reports: Detections, film: FilmMemory, confidence: float, size_px: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """The candidates ``(A, 4)`` and ``(A, K)`` of one frame as its film has them, some more among them."""
    told: F64 = reports.boxes_xyxy_px.double().cpu().numpy()
    labels: list[int] = reports.labels.tolist()
    worth: list[float] = reports.scores.tolist()
    recalled = film.next(told, labels, worth)
    edges: F64 | None = None
    if any(limit < score for limit, score in zip(recalled.limits, worth, strict=True)):
        edges = boxes.detach().double().cpu().numpy()
        scores = _limited(edges, scores, told, np.array(labels), recalled.limits, confidence)
    added = [(box, track.label, score) for track, score in recalled.added if (box := _inside(track, size_px))]
    if not added:
        return boxes, scores
    edges = boxes.detach().double().cpu().numpy() if edges is None else edges
    more = [_remembered(edges, scores, *one) for one in added]
    places = boxes.new_tensor([box for box, _, _ in added])
    return torch.cat([boxes, places]), torch.cat([scores, torch.stack(more)])


def _limited(
    edges: F64, scores: Tensor, told: F64, labels: Any, limits: tuple[float, ...], confidence: float
) -> Tensor:
    """Every score ``(A, K)`` that reaches the threshold, at most what the report that it belongs to is worth.

    That is the one of its label which it overlaps most; where none of its label is there, of any label: else a box
    that is refused as one thing would be reported as the next best.
    """
    high = (scores.detach().amax(dim=1) >= confidence).nonzero().flatten()
    place, columns = (scores.detach()[high] >= confidence).nonzero(as_tuple=True)
    rows = high[place]
    shares = overlap(edges[rows.cpu().numpy()], told)
    alike = (columns.cpu().numpy()[:, None] == labels[None]) & (shares > 0)
    limit = scores.new_tensor(np.array(limits)[(shares + 2 * alike).argmax(1)])
    limited = scores.detach().clone()
    limited[rows, columns] = limited[rows, columns].minimum(limit)
    return scores + (limited - scores.detach())


def _remembered(edges: F64, scores: Tensor, box: tuple[float, ...], label: int, score: float) -> Tensor:
    """``(K,)`` the score for its label; the gradient is that of the best candidate for it which is there now."""
    made = scores.new_zeros(scores.shape[1])
    made[label] = score
    if not (torch.is_grad_enabled() and scores.requires_grad):
        return made
    near = torch.from_numpy(overlap(edges, np.array([box]))[:, 0] >= MIN_IOU).to(scores.device)
    if not bool(near.any()):
        return made
    evidence = scores[near].amax(dim=0) * (made > 0)
    return made + (evidence - evidence.detach())


def _inside(track: Track, size_px: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """The track's box within the picture; ``None`` where its middle has left it."""
    x0, y0, x1, y1 = track.box_xyxy_px
    width, height = size_px
    if not (0 <= (x0 + x1) / 2 <= width and 0 <= (y0 + y1) / 2 <= height):
        return None
    return max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))


def _stacked(rows: list[Tensor]) -> Tensor:
    """``(B, n, ·)``, shorter ones with zeros below: empty boxes that score nothing."""
    if len(rows) == 1:
        return rows[0][None]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)
