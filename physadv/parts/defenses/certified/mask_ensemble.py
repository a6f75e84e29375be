"""Certified recall of detectors by masking, in the manner of ObjectSeeker (Xiang et al. 2023, arXiv:2202.01811).

The detector is asked about the picture, and about the picture behind every window in turn. What it reports behind a
window and not in the picture is reported, too:

    a report behind a window counts  ⟺  no report of its label that counts already has ``inside`` of it within

One window is over the patch, so what is reported behind it does not depend on the patch, and an object found there is
found: by that report, or by the one in which most of it lies. With *r* the report behind the window and *k* the one
that counts, |k ∩ object| ≥ |r ∩ object| - (1 - inside) |r|, and the object is proven where that is at least ``cover``
of it, behind a window for every place where the patch could be. As in the paper this is about recall: a patch can still
make reports too large, or many.

Where we differ: the paper masks half planes, for which it need not know the patch's size; ours are PatchCleanser's
windows for patches of a given share of the picture, which hide less, also of the object that wears the patch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from physadv.core.access import Task
from physadv.core.certificates import RecallCertificate, victim_labels
from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.core.types import Candidates, Detections, SceneBatch
from physadv.parts.defenses.certified.options import MaskEnsembleConfig, check_mask_ensemble
from physadv.parts.defenses.certified.windows import Windows
from physadv.parts.defenses.tasks import require_no_memory, require_task

ROWS = 300
"""Candidates behind a window that are kept, best first: as many as a detector reports."""

Bool = npt.NDArray[np.bool_]


class MaskEnsemble:
    """Reports also what is found behind windows, and proves that objects are."""

    kind = DefenseKind.certified

    def __init__(self, config: MaskEnsembleConfig) -> None:
        check_mask_ensemble(config)
        self.config = config

    @property
    def name(self) -> str:
        return f"mask-ensemble-{self.config.area:g}-{self.config.windows}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The detector with a proof."""
        require_task(self, victim, Task.detection, "looks for objects behind windows")
        require_no_memory(self, victim)
        config = self.config
        options = {"area": config.area, "windows": config.windows, "inside": config.inside, "cover": config.cover}
        return Masked(victim, self, options)


class Masked(Defended[Candidates, tuple[Detections, ...]]):
    """The detector that also looks behind windows."""

    def outputs(self, images: Tensor) -> Candidates:
        """:data:`ROWS` candidates for the picture behind each window, then the victim's for the picture itself.

        So what others add at the end, as a memory does, counts as candidates for the picture.
        """
        windows = self._windows(images)
        bare = self.victim.outputs(images)
        behind = [_best(self.victim.outputs(windows.masked(images, index))) for index in range(len(windows))]
        parts = [*behind, bare]
        return Candidates(
            torch.cat([part.boxes_xyxy_px for part in parts], dim=1), torch.cat([part.scores for part in parts], dim=1)
        )

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """The victim's reports on the picture, and what counts of those behind windows."""
        found, behind = self._told(outputs, confidence)
        inside: float = self.options["inside"]
        return tuple(_counted(own, more, inside) for own, more in zip(found, behind, strict=True))

    def certificate(
        self, images: Tensor, boxes_xyxy_px: Tensor, labels: Tensor, image_of: Tensor, confidence: float | None = None
    ) -> RecallCertificate:
        """What is proven of objects: boxes ``(N, 4)``, labels ``(N,)`` into the victim's, images ``(N,)``."""
        windows = self._windows(images)
        with torch.no_grad():
            _, behind = self._told(self.outputs(images), confidence)
        proven = [
            self._proven(box, label, behind[image], windows)
            for box, label, image in zip(boxes_xyxy_px.tolist(), labels.tolist(), image_of.tolist(), strict=True)
        ]
        table = torch.tensor(proven, dtype=torch.bool).reshape(-1, 2)
        return RecallCertificate(table[:, 0], table[:, 1], windows.patch_px)

    def certified(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(N,)`` bool: the object is reported wherever the patch is."""
        own = victim_labels(scene, self.labels)
        return self.certificate(images, scene.boxes_xyxy_px, own, scene.image_of).anywhere

    def to(self, device: torch.device | str) -> Masked:
        """The same on another device."""
        return Masked(self.victim.to(device), self.defense, self.options)

    def _windows(self, images: Tensor) -> Windows:
        return Windows.over(images.shape[-2], images.shape[-1], self.options["area"], self.options["windows"])

    def _told(
        self, outputs: Candidates, confidence: float | None
    ) -> tuple[tuple[Detections, ...], list[tuple[Detections, ...]]]:
        """The reports on each picture; and of each picture those behind each window."""
        count = self.options["windows"] ** 2
        end = count * ROWS
        boxes, scores = outputs.boxes_xyxy_px.detach(), outputs.scores.detach()
        found = self.victim.decide(Candidates(boxes[:, end:], scores[:, end:]), confidence)
        masked = Candidates(boxes[:, :end].reshape(-1, ROWS, 4), scores[:, :end].reshape(-1, ROWS, scores.shape[2]))
        behind = self.victim.decide(masked, confidence)
        return found, [tuple(behind[start : start + count]) for start in range(0, len(behind), count)]

    def _proven(
        self, box: list[float], label: int, behind: tuple[Detections, ...], windows: Windows
    ) -> tuple[bool, bool]:
        """Whether the object is found wherever the patch is; and wherever it is beside the object."""
        good = np.array([self._finds(found, box, label) for found in behind])
        covered = windows.covered(good)
        side = windows.patch_px
        down, across = (np.arange(length) for length in covered.shape)
        x0, y0, x1, y1 = box
        touches = ((down < y1) & (down + side > y0))[:, None] & ((across < x1) & (across + side > x0))[None]
        return bool(covered.all()), bool((covered | touches).all())

    def _finds(self, found: Detections, box: list[float], label: int) -> bool:
        """Whether what counts in place of one of these reports has to cover enough of the object."""
        mine = found.boxes_xyxy_px[found.labels == label].double().cpu().numpy()
        thing = np.array([box], dtype=np.float64)
        lost = (1 - self.options["inside"]) * _areas(mine)
        return bool((_shared(mine, thing)[:, 0] - lost >= self.options["cover"] * _areas(thing)).any())


def _best(outputs: Candidates) -> Candidates:
    """The :data:`ROWS` candidates with the best scores of each picture, empty ones where there are fewer."""
    boxes, scores = outputs.boxes_xyxy_px, outputs.scores
    rows = scores.detach().amax(dim=2).topk(min(ROWS, scores.shape[1]), dim=1).indices[..., None]
    boxes, scores = boxes.gather(1, rows.expand(-1, -1, 4)), scores.gather(1, rows.expand(-1, -1, scores.shape[2]))
    short = ROWS - scores.shape[1]
    return Candidates(nn.functional.pad(boxes, (0, 0, 0, short)), nn.functional.pad(scores, (0, 0, 0, short)))


def _counted(own: Detections, behind: tuple[Detections, ...], inside: float) -> Detections:
    """The reports on a picture, best first, and those behind its windows that lie in none that counts already."""
    boxes = torch.cat([own.boxes_xyxy_px, *(found.boxes_xyxy_px for found in behind)])
    scores = torch.cat([own.scores, *(found.scores for found in behind)])
    labels = torch.cat([own.labels, *(found.labels for found in behind)])
    edges, kinds = boxes.double().cpu().numpy(), labels.cpu().numpy()
    count = len(own.scores)
    kept = list(range(count))
    best_first = (scores[count:].argsort(descending=True, stable=True) + count).tolist()
    while best_first:
        last = kept if len(kept) == count else kept[-1:]  # what counts since the last look
        within = _within(edges[best_first], kinds[best_first], edges[last], kinds[last], inside)
        best_first = [row for row, gone in zip(best_first, within, strict=True) if not gone]
        kept += best_first[:1]
        best_first = best_first[1:]
    rows = torch.tensor(kept, dtype=torch.int64, device=scores.device)
    rows = rows[scores[rows].argsort(descending=True, stable=True)]
    return Detections(boxes[rows], scores[rows], labels[rows])


def _within(boxes: Any, labels: Any, others: Any, their_labels: Any, inside: float) -> Bool:
    """``(n,)``: that share of the box lies in another one of its label."""
    enough = _shared(boxes, others) >= inside * _areas(boxes)[:, None]
    made: Bool = (enough & (labels[:, None] == their_labels[None])).any(axis=1)
    return made


def _shared(boxes: Any, others: Any) -> npt.NDArray[np.float64]:
    """``(n, m)`` px² that two boxes have in common."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    made: npt.NDArray[np.float64] = (high - low).clip(0).prod(axis=2)
    return made


def _areas(boxes: Any) -> npt.NDArray[np.float64]:
    made: npt.NDArray[np.float64] = (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1)
    return made
