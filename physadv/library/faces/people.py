"""A folder of people: a subfolder a person, or pictures named after them."""

from __future__ import annotations

from pathlib import Path

from physadv.core.errors import BadInput
from physadv.core.labels import canonical
from physadv.library.files.images import picture_formats


def people_in(folder: Path, what: str) -> dict[str, tuple[Path, ...]]:
    """Name → pictures of the person, sorted. ``what`` is the folder's in messages: "victim.gallery".

    ``ann/1.jpg`` and ``ann.jpg`` are both of ann; a folder may hold one kind or both. Raises :class:`BadInput` where
    there is nobody, or two names that are read as one.
    """
    if not folder.is_dir():
        raise BadInput(f"{what}: there is no folder {str(folder)!r}. Give one with a subfolder a person.")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in picture_formats()]
            if inside:
                found.setdefault(path.name, []).extend(inside)
        elif path.suffix.lower() in picture_formats():
            found.setdefault(path.stem, []).append(path)
    if not found:
        raise BadInput(f"{what}: {str(folder)!r} holds no pictures. Put a subfolder with pictures a person into it.")
    _check_apart(list(found), what)
    return {name: tuple(paths) for name, paths in found.items()}


def _check_apart(names: list[str], what: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(canonical(name), name)
        if other != name:
            raise BadInput(f"{what}: {other!r} and {name!r} are read as one name. Rename one of them.")
