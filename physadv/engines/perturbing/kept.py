"""Outcomes batch by batch on disk: a run that was stopped goes on where it was."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_bytes
from physadv.library.files.reading import read_arrays

Arrays = dict[str, npt.NDArray[Any]]
FOLDER = "adversarial"  # in the run folder
LIMIT = 4_000_000_000  # bytes of one batch


@dataclass(frozen=True)
class KeptOutcomes:
    """A folder an arm, with numbered batches."""

    folder: Path

    def read(self, arm: str, index: int) -> Arrays | None:
        """One batch, or ``None`` where there is none or a broken one."""
        try:
            return read_arrays(self._file(arm, index), LIMIT)
        except BadInput:
            return None

    def write(self, arm: str, index: int, arrays: Arrays) -> None:
        """Keep one batch."""
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        write_bytes(self._file(arm, index), stream.getvalue())

    def _file(self, arm: str, index: int) -> Path:
        return self.folder / FOLDER / re.sub(r"[^\w.=-]+", "_", arm) / f"{index:06d}.npz"
