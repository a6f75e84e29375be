"""Average precision of people on real photos, as a known answer for real detectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from physadv.images import load_srgb
from physadv.metrics.average_precision import library_average_precision
from physadv.protocols import Victim

TALL_PX = 96  # shorter people are ignored


def person_ap50(victim: Victim, coco128: Path) -> float:
    """AP50 of people on the images of both splits that show a tall one."""
    truth: dict[str, list[Any]] = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    results = []
    person = victim.labels.index("person")
    for split in ("train", "val"):
        content = json.loads((coco128 / split / "annotations.json").read_text())
        for image in content["images"]:
            people = [a for a in content["annotations"] if a["image_id"] == image["id"] and a["category_id"] == 1]
            if not any(a["bbox"][3] >= TALL_PX for a in people):
                continue
            truth["images"].append({key: image[key] for key in ("id", "width", "height")})
            truth["annotations"] += [_tall_or_ignored(a, len(truth["annotations"]) + i) for i, a in enumerate(people)]
            results += _people(victim, load_srgb(coco128 / split / image["file_name"]), person, image["id"])
    return library_average_precision(truth, results, [1])[1]


def _tall_or_ignored(annotation: dict[str, Any], index: int) -> dict[str, Any]:
    x, y, width, height = annotation["bbox"]
    ignored = int(height < TALL_PX)
    return {
        "id": index + 1,
        "image_id": annotation["image_id"],
        "category_id": 1,
        "bbox": [x, y, width, height],
        "area": width * height,
        "iscrowd": ignored,
    }


@torch.no_grad()
def _people(victim: Victim, srgb: torch.Tensor, person: int, image_id: int) -> list[dict[str, Any]]:
    (found,) = victim.decide(victim.outputs(srgb[None]), 0.01)
    return [
        {"image_id": image_id, "category_id": 1, "bbox": [x, y, right - x, bottom - y], "score": score}
        for (x, y, right, bottom), score, label in zip(
            found.boxes_xyxy_px.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True
        )
        if label == person
    ]
