"""Annotations that are sound JSON and say odd things: read, or refused in one line that a terminal can show."""

from __future__ import annotations

import copy
import json
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from physadv.core.errors import PhysadvError
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig
from tests.fuzz.scale import share
from tests.parts.scenes.sets import picture

SOUND: dict[str, Any] = {
    "images": [{"id": i, "file_name": f"{i}.png", "width": 64, "height": 48} for i in range(3)],
    "annotations": [
        {"id": i, "image_id": i, "category_id": 1, "bbox": [4, 4, 20, 30], "iscrowd": 0,
         "segmentation": [[4, 4, 9, 4, 9, 9]]}
        for i in range(3)
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "stop"}],
}  # fmt: skip
NAN, INF = float("nan"), float("inf")
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 2, 1, NAN, INF, -INF, 10**400, 1e300,
    "", "x", "\ud800", "\0", "\n\x1b[31m", "a" * 6000, "../x", "/etc/passwd", "images/0.png", "0.PNG", "1.png",
    "1", "1.0", "person", "Person ", [], [[]], {}, {"a": 1}, {"counts": "a", "size": [48, 64]},
    [None] * 4, ["1"] * 4, [NAN] * 4, [0, 0, 0, 0], [0, 0, 1e8, 1e8], [-1e8] * 4, [[1, 2, 3, 4, 5, INF]],
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def changed(content: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    """One value gone or odd; nothing where an earlier change took its place away."""
    try:
        for key in path[:-1]:
            content = content[key]
        if chance.random() < 0.15:
            del content[path[-1]]
        else:
            content[path[-1]] = chance.choice(ODD)
    except (KeyError, IndexError, TypeError):
        pass


def test_odd_values_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    for i in range(3):
        picture(tmp_path, f"{i}.png", seed=i)
    chance, everywhere, faults = random.Random(1), list(places(SOUND)), []
    logging.disable(logging.WARNING)
    try:
        for number in range(share(1000)):
            content = copy.deepcopy(SOUND)
            for _ in range(chance.choice([1, 1, 2, 3])):
                changed(content, chance.choice(everywhere), chance)
            (tmp_path / "annotations.json").write_text(json.dumps(content))
            try:
                scenes = build_coco(CocoConfig(root=str(tmp_path), relight=False, match_camera=False))
                if not all(bool(batch.boxes_xyxy_px.isfinite().all()) for batch in scenes.sweep(4)):
                    faults.append(f"{number}: a box that is not finite")
            except PhysadvError as error:
                if not str(error).isprintable() or len(str(error)) > 900:
                    faults.append(f"{number}: {error!r:.300}")
            except Exception as error:  # noqa: BLE001 - what this test looks for
                faults.append(f"{number}: {type(error).__name__}: {error}")
    finally:
        logging.disable(logging.NOTSET)
    assert faults == []
