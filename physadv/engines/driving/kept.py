"""Episodes on disk as they end, so that a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.core.worlds import Episode
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.library.files.reading import read_json

FOLDER = "episodes"  # in the run folder


@dataclass(frozen=True)
class DrivenBatch:
    """Episodes that ran side by side."""

    episodes: tuple[Episode, ...]
    facts: dict[str, float]  # of who meddled
    seconds: float


@dataclass(frozen=True)
class KeptEpisodes:
    """A folder a cell of the table, with numbered batches."""

    folder: Path

    def read(self, cell: str, index: int, seeds: Sequence[int]) -> DrivenBatch | None:
        """One batch, or ``None`` where there is none of these seeds, or a broken one."""
        try:
            kept = read_json(self._file(cell, index))
            episodes = tuple(_episode(one) for one in kept["episodes"])
            batch = DrivenBatch(episodes, {k: float(v) for k, v in kept["facts"].items()}, float(kept["seconds"]))
        except (BadInput, KeyError, TypeError, ValueError, AttributeError):
            return None
        return batch if [one.seed for one in episodes] == list(seeds) else None

    def write(self, cell: str, index: int, batch: DrivenBatch) -> None:
        """Keep one batch."""
        write_text(self._file(cell, index), json.dumps(plain(batch), allow_nan=False))

    def _file(self, cell: str, index: int) -> Path:
        return self.folder / FOLDER / cell / f"{index:06d}.json"


def _episode(kept: dict[str, Any]) -> Episode:
    measures = {name: float("nan") if value is None else float(value) for name, value in kept["measures"].items()}
    return Episode(int(kept["seed"]), int(kept["steps"]), measures, int(kept["attacked"]))
