"""From the names in annotations to files on the disk, and never out of the folder.

Data sets are passed around. A file name that leads elsewhere would put any picture of the reader's disk into reports,
so absolute names, ``..`` and links that lead out of the folder are refused. The folder itself may be reached by links.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence, Set
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from physadv.core.errors import BadInput
from physadv.library.files.images import picture_formats
from physadv.parts.scenes.remarks import Remarks

_OTHER_FORM = "file name(s) were found in another spelling (case, accents, slashes or folders)"


def inside(folder: Path, name: str, where: str) -> Path:
    """``folder / name``; :class:`BadInput` where the name itself leaves the folder. ``where`` says who gave it."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        raise BadInput(
            f"{where} names {name!r:.120}, which leads out of {str(folder)!r}. Give names inside that folder."
        )
    return folder / name


def expect_inside(path: Path, folder: Path, where: str) -> None:
    """Raise :class:`BadInput` where a link leads out of the folder."""
    if is_file(path) and not path.resolve().is_relative_to(folder.resolve()):
        raise BadInput(_leads_out(where, path, folder))


def _leads_out(where: str, path: Path, folder: Path) -> str:
    return f"{where} names {str(path)!r:.160}, a link out of {str(folder)!r}. Copy what it leads to into the folder."


def is_file(path: Path) -> bool:
    """Whether it is one; names that no file can have are none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # longer than a name can be; a NUL
        return False


class PhotoFiles:
    """The photos in some folders, found by the names that annotations give them."""

    def __init__(self, folders: Sequence[Path], source: Path) -> None:
        self.folders = tuple(folders)
        self._real = tuple(folder.resolve() for folder in folders)
        self._source = source
        self._listed: dict[str, list[Path]] | None = None

    def find(self, name: str, remarks: Remarks) -> Path | None:
        """The file of that name or, where there is none, the only one that differs in spelling or folder."""
        for folder in self.folders:
            first, _, rest = name.partition("/")
            for inner in (name, rest) if rest and first == folder.name else (name,):
                path = inside(folder, inner, str(self._source))
                if is_file(path):
                    return self._kept_in(path)
        slashed = name.replace("\\", "/")
        bare = slashed.rpartition("/")[2]
        for key in (slashed, bare, unquote(bare)):  # some tools write %20 for a blank
            alike = self._listing().get(_key(key), [])
            if len(alike) == 1:
                remarks.add(_OTHER_FORM, repr(name))
                return self._kept_in(alike[0])
        return None

    def _kept_in(self, path: Path) -> Path:
        real = path.resolve()
        if not any(real.is_relative_to(base) for base in self._real):
            raise BadInput(_leads_out(str(self._source), path, self.folders[0]))
        return path

    def unlisted(self, used: Set[Path]) -> list[str]:
        """Pictures directly in the folder that are not among those in use."""
        names = (entry.name for entry in os.scandir(self.folders[0]) if entry.is_file())
        known = {path.name for path in used}
        return sorted(name for name in names if name not in known and Path(name).suffix.lower() in picture_formats())

    def _listing(self) -> dict[str, list[Path]]:
        """Every file below the folders, by its path and by its bare name."""
        if self._listed is None:
            self._listed = {}
            for folder in self.folders[:1]:
                for place, _, names in os.walk(folder):
                    for name in names:
                        path = Path(place, name)
                        keys = {_key(path.relative_to(folder).as_posix()), _key(name)}
                        for key in keys:
                            self._listed.setdefault(key, []).append(path)
        return self._listed


def _key(name: str) -> str:
    """One spelling for names that look alike: macOS decomposes letters, Windows ignores case."""
    return unicodedata.normalize("NFC", name).casefold().removeprefix("./")
