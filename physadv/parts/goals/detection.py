"""Hide, alter, conjure: losses on every candidate box, success on what the detector finally reports.

All losses are hinges on log-odds: ``softplus(max log-odds - wanted log-odds)``, with a smooth maximum over the
candidates that overlap the object. Log-odds keep their gradient where scores saturate; the hinge stops pushing what is
already won, so that the steps go to the conditions that still fail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.core.errors import IncompatibleParts
from physadv.core.labels import index_of
from physadv.core.types import Candidates, Detections, SceneBatch
from physadv.parts.goals.options import AlterConfig, ConjureConfig, HideConfig

_NOTHING = -30.0  # log-odds of "no candidate at all"; finite, so that its softplus has a finite gradient


def log_odds(score: float) -> float:
    """``log(p / (1 - p))``."""
    return math.log(score / (1 - score))


def class_of(label: str, labels: tuple[str, ...]) -> int:
    """The victim's class for a label; :class:`IncompatibleParts` if it has none."""
    index = index_of(label, labels)
    if index is None:
        raise IncompatibleParts(
            f"the victim does not know the label {label!r}; it knows {', '.join(labels[:12])}"
            f"{', …' if len(labels) > 12 else ''}. If it calls that class otherwise, name its classes: "
            "victim.labels=[…]; else choose another victim or another label"
        )
    return index


@dataclass(frozen=True)
class _Wearers:
    """The rows of a scene that matter: one per object that wears the patch."""

    image: Tensor  # (M,)
    boxes: Tensor  # (M, 4)
    own: Tensor  # (M,) the victim's class of the object
    row: Tensor  # (M,) index into the scene's objects


def _wearers(scene: SceneBatch, labels: tuple[str, ...], *, own: bool) -> _Wearers:
    row = scene.wears.nonzero().squeeze(1)
    kinds = scene.labels[row]
    if own:
        known = (index_of(name, labels) for name in scene.label_names)
        kinds = kinds.new_tensor([-1 if k is None else k for k in known])[kinds]
    return _Wearers(scene.image_of[row], scene.boxes_xyxy_px[row], kinds, row)


def _overlaps(outputs: Candidates, wearers: _Wearers, at_least: float) -> Tensor:
    """``(M, A)`` bool: which candidates are about which wearer."""
    boxes = outputs.boxes_xyxy_px.detach()[wearers.image]
    return _iou(boxes, wearers.boxes[:, None]) >= at_least


def _iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of ``(..., 4)`` boxes, broadcast."""
    sides = torch.minimum(boxes[..., 2:], others[..., 2:]) - torch.maximum(boxes[..., :2], others[..., :2])
    shared = sides.clamp_min(0).prod(-1)
    areas = [(b[..., 2:] - b[..., :2]).clamp_min(0).prod(-1) for b in (boxes, others)]
    return shared / (areas[0] + areas[1] - shared).clamp_min(1e-9)


def _smooth_max(scores: Tensor, counts: Tensor) -> Tensor:
    """Smooth maximum of the log-odds of ``scores`` where ``counts``; ``(M, ...)`` → ``(M,)``."""
    odds = torch.logit(scores.float(), eps=1e-6).masked_fill(~counts, _NOTHING)
    return torch.logsumexp(odds.flatten(1), 1)


def _per_image(values: Tensor, image: Tensor, batch: int) -> Tensor:
    """Mean over the wearers of each image; zero where there are none."""
    total = values.new_zeros(batch).index_add(0, image, values)
    count = values.new_zeros(batch).index_add(0, image, torch.ones_like(values))
    return total / count.clamp_min(1)


@dataclass(frozen=True)
class _Reports:
    """All detections of a batch, ``D`` of them, beside its wearers."""

    boxes: Tensor  # (D, 4)
    scores: Tensor  # (D,)
    labels: Tensor  # (D,)
    here: Tensor  # (M, D) bool: in the wearer's image

    def about(self, wearers: _Wearers, iou: float) -> Tensor:
        """``(M, D)`` bool: which reports are about which wearer."""
        return self.here & (_iou(self.boxes[None], wearers.boxes[:, None]) >= iou)


def _reports(decisions: tuple[Detections, ...], wearers: _Wearers) -> _Reports:
    device = wearers.boxes.device
    image = torch.cat([torch.full_like(found.labels, i) for i, found in enumerate(decisions)]).to(device)
    boxes = torch.cat([found.boxes_xyxy_px for found in decisions]).to(wearers.boxes)
    scores = torch.cat([found.scores for found in decisions]).to(device)
    labels = torch.cat([found.labels for found in decisions]).to(device)
    return _Reports(boxes, scores, labels, image[None] == wearers.image[:, None])


def _on_objects(achieved: Tensor, wearers: _Wearers, scene: SceneBatch, labels: tuple[str, ...]) -> Tensor:
    """``(M,)`` of the wearers as ``(N,)`` of all objects; a wearer whose label the victim lacks is an error."""
    for kind in scene.labels[wearers.row[wearers.own < 0]].tolist():
        class_of(scene.label_names[kind], labels)
    return torch.zeros_like(scene.wears).index_copy(0, wearers.row, achieved)


@dataclass(frozen=True)
class Hide:
    """The wearer's own label is no longer reported at its place (disappearance)."""

    config: HideConfig
    labels: tuple[str, ...] = ()

    @property
    def target(self) -> None:
        """Nothing shall be reported."""
        return None

    def bound(self, labels: tuple[str, ...]) -> Hide:
        """The same goal for a victim with these labels."""
        return Hide(self.config, labels)

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        """``(B,)``: softplus of the own label's log-odds, a smooth maximum over the candidates on the wearer, over
        those of ``push_below``.
        """
        wearers = _wearers(scene, self.labels, own=True)
        scores = outputs.scores[wearers.image, :, wearers.own]
        strongest = _smooth_max(scores, _overlaps(outputs, wearers, self.config.overlap))
        values = F.softplus(strongest - log_odds(self.config.push_below))
        return _per_image(values, wearers.image, len(scene.keys))

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        """``(N,)`` bool: no report of the own label is about the object."""
        wearers = _wearers(scene, self.labels, own=True)
        found = _reports(decisions, wearers)
        seen = found.about(wearers, self.config.iou) & (found.labels == wearers.own[:, None])
        return _on_objects(~seen.any(1), wearers, scene, self.labels)


@dataclass(frozen=True)
class Alter:
    """Something is reported at the wearer's place, but under another label (misclassification)."""

    config: AlterConfig
    labels: tuple[str, ...] = ()

    @property
    def target(self) -> str | None:
        """The label ``to``; without it any wrong one will do."""
        return self.config.to or None

    def bound(self, labels: tuple[str, ...]) -> Alter:
        """The same goal for a victim with these labels; checks that it knows ``to``."""
        if self.config.to:
            class_of(self.config.to, labels)
        return Alter(self.config, labels)

    def _wrong(self, wearers: _Wearers) -> Tensor:
        """``(M, K)`` bool: which labels would be a success."""
        count = len(self.labels)
        if self.config.to:
            target = torch.full_like(wearers.own, class_of(self.config.to, self.labels))
            return F.one_hot(target, count).bool()
        return ~F.one_hot(wearers.own, count).bool()

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        """``(B,)``: as :meth:`Hide.loss` for the own label, and softplus of ``lift_above``'s log-odds over those of the
        best wrong label.
        """
        wearers = _wearers(scene, self.labels, own=True)
        counts = _overlaps(outputs, wearers, self.config.overlap)
        scores = outputs.scores[wearers.image]  # (M, A, K)
        own = _smooth_max(outputs.scores[wearers.image, :, wearers.own], counts)
        wrong = _smooth_max(scores, counts[:, :, None] & self._wrong(wearers)[:, None])
        down = F.softplus(own - log_odds(self.config.push_below))
        up = F.softplus(log_odds(self.config.lift_above) - wrong)
        return _per_image(down + up, wearers.image, len(scene.keys))

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        """``(N,)`` bool: the best report about the object has a wrong label, or ``to``."""
        wearers = _wearers(scene, self.labels, own=True)
        found = _reports(decisions, wearers)
        about = found.about(wearers, self.config.iou)
        if not about.shape[1]:
            return _on_objects(about.any(1), wearers, scene, self.labels)
        best = found.labels[torch.where(about, found.scores, -1.0).argmax(1)]
        wrong = best != wearers.own
        if self.config.to:
            wrong = best == class_of(self.config.to, self.labels)
        return _on_objects(about.any(1) & wrong, wearers, scene, self.labels)


@dataclass(frozen=True)
class Conjure:
    """An object of label ``to`` is reported where the patch is, whatever wears it (hallucination)."""

    config: ConjureConfig
    labels: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The label ``to``."""
        return self.config.to

    def bound(self, labels: tuple[str, ...]) -> Conjure:
        """The same goal for a victim with these labels; checks that it knows ``to``."""
        class_of(self.config.to, labels)
        return Conjure(self.config, labels)

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        """``(B,)``: softplus of ``lift_above``'s log-odds over those of ``to``, among the candidates centred in the
        wearer's box.
        """
        wearers = _wearers(scene, self.labels, own=False)
        target = class_of(self.config.to, self.labels)
        boxes = outputs.boxes_xyxy_px.detach()[wearers.image]
        counts = _centred_inside(boxes, wearers.boxes[:, None])
        values = F.softplus(
            log_odds(self.config.lift_above) - _smooth_max(outputs.scores[wearers.image, :, target], counts)
        )
        return _per_image(values, wearers.image, len(scene.keys))

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        """``(N,)`` bool: a report of ``to`` is centred in the object's box."""
        wearers = _wearers(scene, self.labels, own=False)
        found = _reports(decisions, wearers)
        inside = found.here & _centred_inside(found.boxes[None], wearers.boxes[:, None])
        appeared = inside & (found.labels == class_of(self.config.to, self.labels))
        return _on_objects(appeared.any(1), wearers, scene, self.labels)


def _centred_inside(boxes: Tensor, outer: Tensor) -> Tensor:
    """Whether the centres of ``boxes (..., 4)`` lie inside ``outer (..., 4)``."""
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    return ((centre >= outer[..., :2]) & (centre <= outer[..., 2:])).all(-1)
