"""Every candidate of a YOLO head with gradient, and the package's own way from there to what it reports."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import batched_nms

from physadv.api import AccessLevel, BadInput, BadOption, Candidates, Detections, Task, expect
from physadv_ultralytics import UltralyticsConfig
from physadv_ultralytics.letterbox import letterbox
from physadv_ultralytics.quiet import import_ultralytics

MAX_SUPPRESSED = 30_000
"""Boxes an image that enter suppression, best first; the package's own number."""


def build(config: UltralyticsConfig) -> UltralyticsVictim:
    """Load, name and size the network."""
    import_ultralytics()
    from physadv_ultralytics.networks import RANDOM, class_names, load, trained_size_px

    wanted = _read_labels(config.labels)
    network = load(config, len(wanted) if wanted else None)
    labels = wanted or class_names(network)
    if len(labels) != network.model[-1].nc:
        raise BadInput(f"{config.weights} scores {network.model[-1].nc} classes, but {len(labels)} labels are given")
    size_px, stride = config.size_px or trained_size_px(network), max(32, int(network.stride.max()))
    if size_px % stride:
        raise BadOption(f"victim.size_px must be a multiple of {stride} for {config.weights}, got {size_px}")
    name = f"ultralytics/{Path(config.weights.removeprefix(RANDOM)).stem}"
    return UltralyticsVictim(name, network, labels, size_px, stride, config)


@dataclass(frozen=True, slots=True)
class Uncut(Candidates):
    """Candidates that remember their boxes beyond the edge of the image: the package compares boxes before it cuts."""

    uncut_xyxy_px: Tensor  # (B, A, 4)


class UltralyticsVictim(nn.Module):
    """Letterbox, network and head as in the package's ``predict``, up to the threshold.

    YOLOv10 and YOLO26 have two branches: one box a place for suppression, and one box an object, which needs none. Only
    the one that is asked for is kept, in the place of the first: so no version of the package cuts its gradient (as
    in training) or reduces it to the best boxes before we have seen the others.
    """

    task, access = Task.detection, AccessLevel.gradients
    network: Any

    def __init__(
        self, name: str, network: Any, labels: tuple[str, ...], size_px: int, stride: int, config: UltralyticsConfig
    ) -> None:
        super().__init__()
        self.name, self.labels, self.confidence = name, labels, config.confidence
        self.digest = _digest(network)
        self.suppresses = not _keep_one_branch_(network.model[-1], nms_free=config.nms_free)
        self.network = network.fuse(verbose=False)
        self.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self._size_px, self._stride, self._iou, self._top = size_px, stride, config.iou, config.top

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def outputs(self, images: Tensor) -> Candidates:
        """Every place of every level, with the scores that inference thresholds."""
        expect("images", images, ("B", 3, "H", "W"))
        canvas, fit = letterbox(images, self._size_px, self._stride)
        decoded = self.network(canvas.contiguous(memory_format=torch.channels_last))[0]
        boxes, scores = decoded.transpose(1, 2).split((4, len(self.labels)), dim=2)
        uncut = fit.in_image(boxes)
        return Uncut(fit.clipped(uncut), scores, uncut)

    @torch.no_grad()
    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """As ``predict``: suppression by class, or the best pairs of box and class for heads that need none."""
        threshold = self.confidence if confidence is None else confidence
        compared = outputs.uncut_xyxy_px if isinstance(outputs, Uncut) else outputs.boxes_xyxy_px
        reported = []
        for boxes, uncut, scores in zip(outputs.boxes_xyxy_px, compared, outputs.scores, strict=True):
            row, label = self._suppressed(uncut, scores, threshold) if self.suppresses else self._best_pairs(scores)
            row, label = row[: self._top], label[: self._top]
            found = Detections(boxes[row], scores[row, label], label)
            reported.append(found.above(threshold))
        return tuple(reported)

    def _suppressed(self, boxes: Tensor, scores: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
        best, label = scores.max(dim=1)
        row = (best >= threshold).nonzero()[:, 0]
        row = row[best[row].argsort(descending=True)[:MAX_SUPPRESSED]]
        row = row[batched_nms(boxes[row], best[row], label[row], self._iou)]
        return row, label[row]

    def _best_pairs(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """The package's top-k: first the best places, then among these the best pairs of place and class."""
        count = min(max(self._top, 300), len(scores))
        places = scores.amax(dim=1).topk(count).indices
        pairs = scores[places].flatten().topk(count).indices
        return places[pairs // scores.shape[1]], pairs % scores.shape[1]


def _keep_one_branch_(head: Any, *, nms_free: bool) -> bool:
    """Reduce a head to one branch that gives corners and forgets the last size; tell whether it is NMS-free."""
    one2one = head.cv2 is None or (nms_free and getattr(head, "one2one_cv2", None) is not None)
    if one2one:
        head.cv2, head.cv3 = head.one2one_cv2, head.one2one_cv3
    for name in [name for name in head._modules if name.startswith("one2one_")]:
        delattr(head, name)
    head.end2end = False
    head.xyxy = True
    head.dynamic = True
    return one2one


def _digest(network: nn.Module) -> str:
    """SHA-256 over names, shapes and bytes of all weights, in the order of the names."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _read_labels(option: str) -> tuple[str, ...] | None:
    if not option:
        return None
    try:
        text = Path(option).read_text(encoding="utf-8")
        names = json.loads(text) if option.endswith(".json") else [line.strip() for line in text.splitlines()]
    except (OSError, ValueError) as error:
        raise BadInput(f"victim.labels={option} cannot be read ({error}); give a .txt or .json file") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not any(names):
        raise BadInput(f"victim.labels={option} must name the classes: one a line, or a JSON list of strings")
    return tuple(name for name in names if name)
