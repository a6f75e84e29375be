"""Results that are no runs: files, and answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from physadv.app.python import display


@dataclass(frozen=True)
class Files:
    """What a command that makes no run wrote: a sheet, a preset, weights, a page."""

    path: Path  # the file that was asked for
    files: tuple[Path, ...]  # that one, and what lies beside it

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def __repr__(self) -> str:
        return f"Files({', '.join(map(display.near, self.files))})"

    def _repr_html_(self) -> str:
        return display.listing(self.files)


@dataclass(frozen=True)
class Answer:
    """What a command said that writes nothing, such as ``doctor``."""

    text: str

    def __repr__(self) -> str:
        return self.text
