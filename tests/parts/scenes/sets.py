"""Small data sets for tests: noisy pictures, and annotations of every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Box = list[float]


def noise(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """A picture of ``(width, height)`` like no other."""
    codes = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(codes)


def coco(root: Path, images: list[dict[str, Any]], annotations: list[dict[str, Any]], *names: str) -> Path:
    """Annotations of images that are there already; ids and categories are filled in."""
    content = {
        "images": [{"id": number} | image for number, image in enumerate(images)],
        "annotations": [{"id": 10 + n, "category_id": 1} | one for n, one in enumerate(annotations)],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names or ("person",), start=1)],
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / "annotations.json").write_text(json.dumps(content))
    return root


def picture(root: Path, name: str, size: tuple[int, int] = (64, 48), seed: int = 0, **options: Any) -> Path:
    """A picture in ``root/images`` and its path."""
    path = root / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(size, seed).save(path, **options)
    return path


def turned(orientation: int) -> Image.Exif:
    """EXIF that turns a picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif
