"""The tables as COCO JSON, so that any COCO tool can repeat the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from physadv.library.files.atomic import write_chunks
from physadv.library.metrics.tables import F64, Findings, Truth, as_written

_AT_ONCE = 20_000  # findings that are text at the same time


def ground_truth(
    truth: Truth, view_names: Sequence[str], sizes_px: Sequence[tuple[int, int]], categories: Sequence[str]
) -> dict[str, Any]:
    """Ids count from 1; ``sizes_px`` are (height, width).

    COCO has no field for "ignore this box". A negative area does it: it lies outside every range of areas.
    """
    boxes = as_written(truth.boxes_xyxy_px).tolist()
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


def results_of(findings: Findings) -> Iterator[dict[str, Any]]:
    """One dictionary a finding, as COCO's result files have them."""
    for low in range(0, len(findings), _AT_ONCE):
        some = findings[np.arange(low, min(low + _AT_ONCE, len(findings)))]
        columns = (some.view_of + 1, some.category + 1, as_written(some.boxes_xyxy_px), scores_as_written(some))
        for view, category, box, score in zip(*(column.tolist() for column in columns), strict=True):
            yield {"image_id": view, "category_id": category, "bbox": box, "score": score}


def results(findings: Findings) -> list[dict[str, Any]]:
    """All of :func:`results_of` at once."""
    return list(results_of(findings))


def write_results(path: Path, findings: Findings) -> Path:
    """A COCO result file, whole or not at all; text is made piece by piece, so memory does not grow with findings."""
    return write_chunks(path, _text_of(findings))


def _text_of(findings: Findings) -> Iterator[bytes]:
    yield b"["
    for low in range(0, len(findings), _AT_ONCE):
        some = findings[np.arange(low, min(low + _AT_ONCE, len(findings)))]
        columns = (some.view_of + 1, some.category + 1, as_written(some.boxes_xyxy_px), scores_as_written(some))
        rows = zip(*(column.tolist() for column in columns), strict=True)
        text = ",".join(
            f'{{"image_id":{view},"category_id":{category},"bbox":[{x!r},{y!r},{width!r},{height!r}],"score":{score!r}}}'
            for view, category, (x, y, width, height), score in rows
        )
        yield (text if not low else "," + text).encode()
    yield b"]"


def scores_as_written(findings: Findings) -> F64:
    """Scores ``(D,)`` in the shortest digits that say which float they are: 0.1, not 0.10000000149, for a float32."""
    if findings.scores.dtype == np.float32:
        return findings.scores.astype("U16").astype(np.float64)
    return findings.scores.astype(np.float64)
