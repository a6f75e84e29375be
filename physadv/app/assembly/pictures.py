"""Which files an option names: pictures, or folders of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from physadv.core.errors import BadInput

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".jp2"}


def picture_files(named: str | Sequence[str], option: str) -> list[Path]:
    """The files, those of a folder by their names. Raises :class:`BadInput` where there is none."""
    files: list[Path] = []
    for text in [named] if isinstance(named, str) else named:
        path = Path(str(text)).expanduser()
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
            if not inside:
                raise BadInput(f"{option}={str(path)!r}: no pictures in that folder ({', '.join(sorted(SUFFIXES))})")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise BadInput(f"{option}={str(path)!r}: no such file or folder. Check the path")
    return files
