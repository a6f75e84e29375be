"""The tables as COCO JSON, so that any COCO tool can repeat the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from physadv.metrics.tables import F64, Findings, Truth


def _xywh(boxes_xyxy_px: F64) -> list[list[float]]:
    xywh = np.concatenate([boxes_xyxy_px[:, :2], boxes_xyxy_px[:, 2:] - boxes_xyxy_px[:, :2]], axis=1)
    return [[float(v) for v in row] for row in xywh.round(4)]


def ground_truth(
    truth: Truth, view_names: Sequence[str], sizes_px: Sequence[tuple[int, int]], categories: Sequence[str]
) -> dict[str, Any]:
    """Ids count from 1; ``sizes_px`` are (height, width).

    COCO has no field for "ignore this box". A negative area does it: it lies outside every range of areas.
    """
    boxes = _xywh(truth.boxes_xyxy_px)
    return {
        "info": {"description": "a negative area marks objects that are not judged: COCO tools ignore them"},
        "images": [
            {"id": i + 1, "file_name": name, "height": height, "width": width}
            for i, (name, (height, width)) in enumerate(zip(view_names, sizes_px, strict=True))
        ],
        "annotations": [
            {
                "id": i + 1,
                "image_id": int(truth.view_of[i]) + 1,
                "category_id": int(truth.category[i]) + 1,
                "bbox": box,
                "area": box[2] * box[3] if truth.judged[i] else -1.0,
                "iscrowd": int(truth.crowd[i]),
            }
            for i, box in enumerate(boxes)
        ],
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(categories)],
    }


def results(findings: Findings) -> list[dict[str, Any]]:
    """One dictionary a finding, as COCO's result files have them."""
    return [
        {"image_id": int(view) + 1, "category_id": int(category) + 1, "bbox": box, "score": float(score)}
        for view, category, box, score in zip(
            findings.view_of, findings.category, _xywh(findings.boxes_xyxy_px), findings.scores, strict=True
        )
    ]
