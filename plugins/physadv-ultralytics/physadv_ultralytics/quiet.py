"""Import ultralytics as a library: no network, no telemetry, no installing, no settings file, nothing patched.

The package decides all this while it is imported, from the environment. What the user has set stays.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from PIL import Image

from physadv.api import MissingExtra

MIN_VERSION = (8, 4, 190)
"""The version this was written for; earlier ones cannot load a checkpoint without running its pickle."""

SETTINGS = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SAFE_LOAD": "true",  # also keeps eval() away from the activation named in a .yaml
}
INSTALL = 'pip install --no-deps "ultralytics>=8.4.190,<8.5"'


def import_ultralytics() -> None:
    """Import what the victim needs, leaving the process as it was; :class:`MissingExtra` when it is not there."""
    try:
        found = version("ultralytics")
    except PackageNotFoundError as error:
        raise MissingExtra(f"victim=ultralytics needs the package ultralytics: {INSTALL}") from error
    if tuple(int(part) for part in found.split(".")[:3]) < MIN_VERSION:
        raise MissingExtra(f"victim=ultralytics needs ultralytics 8.4.190 or later, this is {found}: {INSTALL}")
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    with _own_settings_folder(), _unpatched():
        import ultralytics.nn.tasks
        import ultralytics.utils.downloads  # noqa: F401


@contextmanager
def _own_settings_folder() -> Iterator[None]:
    """A settings folder that is gone afterwards, unless the user has named one."""
    if "YOLO_CONFIG_DIR" in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="ultralytics-") as place:
        os.environ["YOLO_CONFIG_DIR"] = place
        try:
            yield
        finally:
            del os.environ["YOLO_CONFIG_DIR"]


@contextmanager
def _unpatched() -> Iterator[None]:
    """Undo what the import does to others: torch.save, Image.open, OpenCV's threads, print options, warnings."""
    save, image_open, threads, printing = torch.save, Image.open, cv2.getNumThreads(), np.get_printoptions()
    omp_threads = os.environ.get("OMP_NUM_THREADS")
    try:
        with warnings.catch_warnings():
            yield
    finally:
        torch.save, Image.open = save, image_open
        cv2.setNumThreads(threads)
        np.set_printoptions(**printing)
        torch.set_printoptions(profile="default")
        if omp_threads is None:
            os.environ.pop("OMP_NUM_THREADS", None)
