"""Results that are no runs: files, and answers."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from physadv.app.python import display

_FIRST = (
    "draws.png", "stages.png", "sign-nano.safetensors", "sign-nano.md", "sign-nano-robust.safetensors",
    "sign-nano-robust.md", "person-nano.safetensors", "person-nano.md",
)  # fmt: skip
_CLOCK_S = 1.0  # by which the clocks of file systems may lie behind


@dataclass(frozen=True)
class Files:
    """Files of a command that makes no run: a sheet, a preset, weights, a page."""

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
    """Answer of a command that writes nothing, such as ``doctor``."""

    text: str

    def __repr__(self) -> str:
        return self.text


def written_in(folder: Path) -> Files:
    """Files that a command put into its folder, besides the note of its options; first what people look at first."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.parent.name != "config"]
    first = [folder / name for name in _FIRST if folder / name in files]
    return Files((first or [folder])[0], (*first, *(file for file in files if file not in first)))


def written_beside(path: Path, since_s: float) -> Files:
    """A file, and what was written with it since then: of the same name, or the board of a sheet."""
    near = [*path.parent.glob(f"{glob.escape(path.stem)}*"), *path.parent.glob("*board.json")]
    inside = [file for folder in near if folder.is_dir() for file in folder.rglob("*")]
    fresh = {file for file in (*near, *inside) if file.is_file() and file.stat().st_mtime >= since_s - _CLOCK_S}
    return Files(path, (path, *sorted(fresh - {path})))
