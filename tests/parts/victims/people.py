"""How many people real detectors find on real photos, as a known answer."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor
from torchvision.ops import box_iou

from physadv.core.protocols import Victim
from physadv.library.files.images import load_srgb

TALL_PX = 96


@torch.no_grad()
def recall_of_tall_people(victim: Victim, coco128: Path, confidence: float = 0.4) -> tuple[float, int]:
    """The share of people at least 96 px tall that a detected person overlaps by IoU 0.5, and how many there are."""
    found = total = 0
    for split in ("train", "val"):
        content = json.loads((coco128 / split / "annotations.json").read_text())
        for image in content["images"]:
            people = _tall_people(content, image["id"])
            if not len(people):
                continue
            srgb = load_srgb(coco128 / split / image["file_name"])
            (report,) = victim.decide(victim.outputs(srgb[None]), confidence)
            boxes = report.boxes_xyxy_px[report.labels == victim.labels.index("person")]
            found += int((box_iou(people, boxes) >= 0.5).any(dim=1).sum())
            total += len(people)
    return found / total, total


def _tall_people(content: dict[str, list[dict[str, object]]], image_id: object) -> Tensor:
    boxes = [a["bbox"] for a in content["annotations"] if a["image_id"] == image_id and a["category_id"] == 1]
    corner_size = torch.tensor(boxes).reshape(-1, 4)
    tall = corner_size[corner_size[:, 3] >= TALL_PX]
    return torch.cat([tall[:, :2], tall[:, :2] + tall[:, 2:]], dim=1)
