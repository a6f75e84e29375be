"""The folder of somebody who reads the docs and types what they show."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from physadv.library.files.images import save_png
from physadv.parts.scenes.entries import build_road
from physadv.parts.scenes.options import RoadConfig


def make_desk(place: Path) -> None:
    """Photos of rendered roads: with COCO annotations in ``photos/``, as a YOLO set in ``yolo-photos/``."""
    scenes = build_road(RoadConfig(images=12, width_px=320, height_px=224, distance_m=[5.0, 9.0]))
    images, marks = [], []
    for batch in scenes.sweep(4):
        for row, key in enumerate(batch.keys):
            name = f"{re.sub('[^a-z0-9]', '-', key.lower())}.png"
            save_png(batch.srgb[row], place / "photos" / "images" / name)
            number = len(images) + 1
            images.append({"id": number, "file_name": name, "width": 320, "height": 224})
            for at in (batch.image_of == row).nonzero().flatten().tolist():
                x0, y0, x1, y1 = batch.boxes_xyxy_px[at].tolist()
                box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0), "iscrowd": 0}
                marks.append(
                    {"id": len(marks) + 1, "image_id": number, "category_id": int(batch.labels[at]) + 1, **box}
                )
    kinds = [{"id": i + 1, "name": name} for i, name in enumerate(batch.label_names)]
    labels = {"images": images, "annotations": marks, "categories": kinds}
    (place / "photos" / "annotations.json").write_text(json.dumps(labels))
    write_yolo(place / "yolo-photos", labels, place / "photos" / "images")


def write_yolo(root: Path, labels: dict[str, Any], images: Path) -> None:
    """The same photos as a YOLO set."""
    shutil.copytree(images, root / "images")
    (root / "labels").mkdir()
    for image in labels["images"]:
        marks = [mark for mark in labels["annotations"] if mark["image_id"] == image["id"]]
        lines = []
        for mark in marks:
            x, y, w, h = mark["bbox"]
            shares = ((x + w / 2) / 320, (y + h / 2) / 224, w / 320, h / 224)
            lines.append(" ".join(map(str, (mark["category_id"] - 1, *shares))))
        (root / "labels" / f"{Path(image['file_name']).stem}.txt").write_text("\n".join(lines))
    names = [kind["name"] for kind in labels["categories"]]
    (root / "data.yaml").write_text(json.dumps({"train": "images", "names": names}))
