"""How well a detector does on pictures that it was not trained on, and the threshold that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou

from physadv.core.types import Candidates, Detections
from physadv.engines.training.photos import LabelledPicture
from physadv.library.metrics.average_precision import height_average_precision, library_average_precision
from physadv.parts.victims.sign_nano import SignNano

Row = tuple[float, float, int]
"""AP over IoU 0.5 to 0.95, AP at 0.5, number of objects."""

HEIGHTS_PX = (0, 60, 100)  # objects at least so tall; of a picture at its own size
_ALARMS = 0.05  # largest share of the empty photos with an alarm at the chosen threshold
_EMPTY = 10  # photos that are needed to count alarms on


def average_precisions(victim: SignNano, pictures: Sequence[LabelledPicture], judged: Sequence[int]) -> dict[str, Row]:
    """For each judged label, and their mean."""
    truth, results = coco_of(victim, pictures)
    table: dict[str, Row] = {}
    for label in judged:
        count = _count(truth, label, 0)
        if count:
            ap, ap50 = library_average_precision(truth, results, [label + 1])
            table[victim.labels[label]] = (ap, ap50, count)
    ap, ap50, _ = np.mean(list(table.values()), axis=0).tolist() if table else (float("nan"), float("nan"), 0)
    return table | {"mean": (ap, ap50, sum(count for *_, count in table.values()))}


def by_height(victim: SignNano, pictures: Sequence[LabelledPicture], judged: Sequence[int]) -> dict[str, Row]:
    """Of all judged labels together, for objects from each height on; smaller ones count neither way."""
    truth, results = coco_of(victim, pictures)
    table: dict[str, Row] = {}
    for height in HEIGHTS_PX:
        count = sum(_count(truth, label, height) for label in judged)
        if count:
            ap, ap50 = height_average_precision(truth, results, [label + 1 for label in judged], height)
            table[f"{height} px and more" if height else "all"] = (ap, ap50, count)
    return table


def _count(truth: dict[str, Any], label: int, height_px: float) -> int:
    return sum(
        mark["category_id"] == label + 1 and not mark["iscrowd"] and mark["bbox"][3] >= height_px
        for mark in truth["annotations"]
    )


def coco_of(
    victim: SignNano, pictures: Sequence[LabelledPicture]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # fmt: skip
    """Ground truth and detections (from 0.01 on) as COCO dictionaries; image and category ids count from 1."""
    images: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image_id, picture in enumerate(pictures, start=1):
        height, width = picture.rgb_u8.shape[:2]
        images.append({"id": image_id, "width": width, "height": height, "file_name": str(image_id)})
        rows = [(box, label, 0) for box, label in zip(picture.boxes_xyxy_px, picture.labels, strict=True)]
        rows += [(box, label, 1) for box in picture.vague_xyxy_px for label in range(len(victim.labels))]
        for box, label, crowd in rows:
            xywh = _xywh(box.tolist())
            marks.append({
                "id": len(marks) + 1, "image_id": image_id, "category_id": int(label) + 1, "bbox": xywh,
                "area": xywh[2] * xywh[3], "iscrowd": crowd,
            })  # fmt: skip
        found = victim.decide(outputs_on(victim, picture), confidence=0.01)[0]
        for box, score, label in zip(
            *(x.tolist() for x in (found.boxes_xyxy_px, found.scores, found.labels)), strict=True
        ):
            results.append({"image_id": image_id, "category_id": label + 1, "bbox": _xywh(box), "score": score})
    categories = [{"id": i, "name": name} for i, name in enumerate(victim.labels, start=1)]
    return {"images": images, "annotations": marks, "categories": categories, "info": {}}, results


@dataclass(frozen=True, slots=True)
class ThresholdCount:
    """At one threshold, over some pictures; an object is found by a box of its label with IoU 0.5."""

    threshold: float
    found: int
    objects: int
    false: int  # reports that are of no object and in no crowd
    pictures: int
    alarms: int  # pictures without any object that raise an alarm
    empty: int  # pictures without any object

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.found / max(self.found + self.false + self.objects, 1)


def tallies(
    victim: SignNano, pictures: Sequence[LabelledPicture], judged: Sequence[int], thresholds: Sequence[float]
) -> list[ThresholdCount]:
    """One for each threshold."""
    # what a box that scores more suppresses does not depend on the threshold: one decision serves all
    lowest = min(thresholds)
    reported = [_of_labels(victim.decide(outputs_on(victim, picture), lowest)[0], judged) for picture in pictures]
    return [_tally(reported, pictures, threshold) for threshold in thresholds]


def _of_labels(reported: Detections, judged: Sequence[int]) -> Detections:
    kept = torch.isin(reported.labels, torch.tensor(judged))
    return Detections(reported.boxes_xyxy_px[kept], reported.scores[kept], reported.labels[kept])


def _tally(reported: Sequence[Detections], pictures: Sequence[LabelledPicture], threshold: float) -> ThresholdCount:
    found = objects = false = alarms = empty = 0
    for one, picture in zip(reported, pictures, strict=True):
        kept = one.scores >= threshold
        boxes, truth = one.boxes_xyxy_px[kept], torch.from_numpy(picture.boxes_xyxy_px)
        same_label = one.labels[kept, None] == torch.from_numpy(picture.labels)[None]
        match = (box_iou(boxes, truth) > 0.5) & same_label
        strays = boxes[~match.any(1)]
        found, objects = found + int(match.any(0).sum()), objects + match.shape[1]
        false += int((~_in_any(strays, torch.from_numpy(picture.vague_xyxy_px))).sum())
        if not match.shape[1] and not len(picture.vague_xyxy_px):
            empty, alarms = empty + 1, alarms + bool(len(boxes))
    return ThresholdCount(threshold, found, objects, false, len(pictures), alarms, empty)


def _in_any(boxes: Tensor, regions: Tensor) -> Tensor:
    """Which boxes lie by more than half in one of the regions."""
    low = torch.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    own = (boxes[:, 2:] - boxes[:, :2]).prod(-1).clamp_min(1e-6)
    return ((high - low).clamp_min(0).prod(-1) > 0.5 * own[:, None]).any(1)


def chosen_threshold(victim: SignNano, pictures: Sequence[LabelledPicture], judged: Sequence[int]) -> float:
    """Where F1 is best, or from where on at most one empty picture in 20 raises an alarm, whichever is higher."""
    rows = tallies(victim, pictures, judged, [round(0.2 + 0.02 * step, 2) for step in range(36)])
    best = max(rows, key=lambda row: row.f1).threshold
    if rows[0].empty < _EMPTY:
        return best
    quiet = [row.threshold for row in rows if row.alarms <= _ALARMS * row.empty]
    return max(best, min(quiet, default=rows[-1].threshold))


def outputs_on(victim: SignNano, picture: LabelledPicture) -> Candidates:
    """Of one picture, at its own size."""
    return victim.outputs(torch.from_numpy(picture.rgb_u8).permute(2, 0, 1)[None].float() / 255)


def _xywh(box: list[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]
