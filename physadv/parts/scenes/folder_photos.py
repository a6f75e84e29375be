"""The photos of a folder, each picture once, and word of what is passed over."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.library.files.images import picture_formats
from physadv.parts.scenes.photo_files import expect_inside
from physadv.parts.scenes.photos import size_px
from physadv.parts.scenes.remarks import shortened
from physadv.parts.scenes.same_pictures import first_of_same

logger = logging.getLogger(__name__)

_OTHER_PHOTOS = {
    ".heic",
    ".heif",
    ".hif",
    ".avif",
    ".jxl",
    ".dng",
    ".cr2",
    ".cr3",
    ".nef",
    ".arw",
    ".orf",
    ".raf",
    ".rw2",
}
"""Photos all the same, though not every Pillow reads them: phones' and cameras' own."""


def photos_in(folder: Path) -> list[Path]:
    """The pictures directly inside ``folder``, by name; hidden files are passed over, others with a word.

    Raises :class:`BadInput` where there is no folder, or no photo in it.
    """
    if not folder.exists():
        raise BadInput(f"no such folder: {str(folder)!r}. Check the path.")
    if not folder.is_dir():
        raise BadInput(f"{str(folder)!r} is a file, not a folder of photos. Name the folder it lies in.")
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    found = pictures_among(inside, folder)
    if not found:
        below = [path.name for path in inside if path.is_dir() and any(map(is_picture, path.iterdir()))]
        where = (
            f"They lie in its sub-folders: name one ({shortened(below)})" if below else "Put JPEG or PNG files there"
        )
        raise BadInput(f"no photos that can be read in {str(folder)!r}. {where}, or name another folder.")
    return found


def is_picture(path: Path) -> bool:
    """Whether its name is that of a picture which can be read."""
    return path.suffix.lower() in picture_formats()


def pictures_among(paths: Iterable[Path], folder: Path) -> list[Path]:
    """Those that can be read; photos that cannot are counted aloud, other files more quietly."""
    files = [path for path in paths if path.is_file()]
    found = [path for path in files if is_picture(path)]
    for path in found:
        expect_inside(path, folder, "a listing")
        expect_nameable(path)
    rest = [path for path in files if not is_picture(path)]
    photos = [path.name for path in rest if path.suffix.lower() in _OTHER_PHOTOS]
    if photos:
        heic = any(name.lower().endswith((".heic", ".heif", ".hif")) for name in photos)
        remedy = 'HEIC is read after pip install "physadv[heic]"; or save them as JPEG' if heic else "Save them as JPEG"
        logger.warning(
            "%s: %d photo(s) left out that cannot be read: %s. %s", folder, len(photos), shortened(photos), remedy
        )
    if others := [path.name for path in rest if path.name not in photos]:
        logger.info("%s: %d other file(s) passed over: %s", folder, len(others), shortened(others))
    return found


def expect_nameable(path: Path) -> None:
    """Refuse names that are not text, which no report could hold."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"the file name {str(path)!r} is not UTF-8. Rename it.") from error


def without_doubles(files: Sequence[Path], folder: Path, preferred: Set[Path] = frozenset()) -> list[Path]:
    """Each picture once, by its pixels: it must neither count twice nor be judged on after it was optimised on.

    Of several files with one picture the first stays, or the first that is ``preferred``.
    """
    ordered = sorted(files, key=lambda file: file not in preferred)
    first = first_of_same(ordered, [size_px(file) for file in ordered])
    named = [file.relative_to(folder).as_posix() for file in ordered]
    doubles = [f"{named[i]} = {named[first[i]]}" for i in range(len(ordered)) if first[i] != i]
    if doubles:
        logger.warning("%s: %d photo(s) are there twice and count once: %s", folder, len(doubles), shortened(doubles))
    kept = {file for index, file in enumerate(ordered) if first[index] == index}
    return [file for file in files if file in kept]
