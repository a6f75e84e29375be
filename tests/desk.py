"""The folder of somebody who reads the docs and types what they show."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

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
    write_policy(place / "racing.safetensors", channels=4, side_px=84, actions=5)
    write_policy(place / "grid.safetensors", channels=3, side_px=56, actions=7)


def write_policy(file: Path, channels: int, side_px: int, actions: int) -> None:
    """A policy that nobody has trained, of the shape that most on pixels have (Mnih et al. 2015)."""
    after = ((side_px - 8) // 4 + 1 - 4) // 2 + 1 - 3 + 1
    shapes = {"0": (4, channels, 8, 8), "2": (4, 4, 4, 4), "4": (4, 4, 3, 3), "7": (actions, 4 * after * after)}
    random = torch.Generator().manual_seed(0)
    state = {f"{name}.weight": torch.randn(shape, generator=random) * 0.1 for name, shape in shapes.items()}
    save_file(state | {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}, file)


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
