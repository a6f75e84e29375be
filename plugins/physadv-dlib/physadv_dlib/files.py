"""The files of ``face_recognition_models``, found without importing it: it needs a module that Python has dropped."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from physadv.api import MissingExtra

FINDER = "shape_predictor_5_face_landmarks.dat"
RECOGNISER = "dlib_face_recognition_resnet_model_v1.dat"


def model_file(name: str) -> Path:
    """Its path. Raises :class:`MissingExtra` where the package is not there."""
    found = find_spec("face_recognition_models")
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (path := Path(folder) / "models" / name).is_file():
            return path
    raise MissingExtra(f"dlib's {name} comes with a package: pip install face_recognition_models")
