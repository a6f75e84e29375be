"""Observations batch by batch on disk: a judgement that was killed goes on where it stopped, in little memory."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.reading import read_arrays
from physadv.library.metrics.tables import Bool, Findings, Truth

Arrays = dict[str, npt.NDArray[Any]]
FOLDER = "observed"  # in the run folder
_KEY = "key.txt"
LIMIT = 2_000_000_000  # bytes of one batch


@dataclass(frozen=True)
class Shards:
    """A folder of numbered batches. Those made under another ``key`` are thrown away."""

    folder: Path
    key: str  # a digest of everything that decides on what is seen

    def opened(self) -> Shards:
        """Make the folder, empty unless it holds batches of this very judgement."""
        note = self.folder / _KEY
        if note.is_file() and note.read_bytes() == self.key.encode():
            return self
        shutil.rmtree(self.folder, ignore_errors=True)
        write_text(note, self.key)
        return self

    def done(self) -> int:
        """How many batches, from the first on, are there and whole."""
        count = 0
        while self.read(count) is not None:
            count += 1
        return count

    def read(self, index: int) -> Arrays | None:
        """One batch, or ``None`` where there is none or a broken one."""
        try:
            return read_arrays(self._file(index), LIMIT)
        except BadInput:
            return None

    def write(self, index: int, arrays: Arrays) -> None:
        """Keep one batch."""
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        write_bytes(self._file(index), stream.getvalue())

    def _file(self, index: int) -> Path:
        return self.folder / f"{index:06d}.npz"


def digest(parts: Sequence[Any]) -> str:
    """SHA-256 over anything that JSON can say, and over raw bytes."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode())
        made.update(b"\0")
    return made.hexdigest()


def packed_truth(truth: Truth) -> Arrays:
    """A table of objects as arrays."""
    columns: dict[str, npt.NDArray[Any] | None] = {
        "image_of_view": truth.image_of_view, "view_of": truth.view_of, "object_of": truth.object_of,
        "boxes": truth.boxes_xyxy_px, "category": truth.category, "judged": truth.judged, "crowd": truth.crowd,
        "distance_m": truth.distance_m,
    }  # fmt: skip
    return {f"truth/{name}": column for name, column in columns.items() if column is not None}


def unpacked_truth(arrays: Arrays) -> Truth:
    """The table that :func:`packed_truth` packed."""
    names = ("image_of_view", "view_of", "object_of", "boxes", "category", "judged", "crowd")
    image_of_view, view_of, object_of, boxes, category, judged, crowd = (arrays[f"truth/{name}"] for name in names)
    distance_m = arrays.get("truth/distance_m")
    return Truth(image_of_view, view_of, object_of, boxes, category, judged, crowd, distance_m)


def packed_findings(prefix: str, findings: Findings, achieved: Bool) -> Arrays:
    """A table of reports as arrays, and ``achieved`` ``(M,)``: on which objects the goal is."""
    return {
        f"{prefix}/view_of": findings.view_of, f"{prefix}/boxes": findings.boxes_xyxy_px,
        f"{prefix}/scores": findings.scores, f"{prefix}/category": findings.category, f"{prefix}/achieved": achieved,
    }  # fmt: skip


def unpacked_findings(prefix: str, arrays: Arrays) -> tuple[Findings, Bool]:
    """The findings that :func:`packed_findings` packed, and ``achieved`` ``(M,)``."""
    table = Findings(*(arrays[f"{prefix}/{name}"] for name in ("view_of", "boxes", "scores", "category")))
    return table, arrays[f"{prefix}/achieved"]


def remove(out: Path) -> None:
    """All batches of a run folder, once its numbers are written."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)
