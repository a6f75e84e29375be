"""The print that ships with the project, for the first minute with a camera. How it was made stands beside it."""

from __future__ import annotations

from importlib.resources import files

DEMO = "demo"  # a folder or file of that name is ./demo


def file_of(patch: str) -> str:
    """The file that ``patch=`` names; that of the shipped print for ``demo``."""
    return str(files("physadv.library.files") / "prints" / "demo-shirt.safetensors") if patch.strip() == DEMO else patch
