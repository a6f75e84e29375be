"""Files that other packages bring along, found without importing them: their own dependencies may be absent."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def folder_of_package(package: str) -> Path | None:
    """Where an installed package lies; ``None`` where it is not installed."""
    spec = find_spec(package)
    return next((Path(place) for place in spec.submodule_search_locations or ()), None) if spec else None


def file_of_package(package: str, name: str) -> Path | None:
    """A file in an installed package, by its path there; ``None`` where there is none."""
    folder = folder_of_package(package)
    return folder / name if folder and (folder / name).is_file() else None
