"""Cameras, through OpenCV, without its noise on the terminal. For films and streams see ``packets``."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOption
from physadv.parts.frames.options import FrameOptions

U8 = npt.NDArray[np.uint8]

MAX_BROKEN = 20  # pictures in a row that cannot be decoded; then it counts as the end
QUICK_S = 0.2  # a read that fails only after this time waited in vain; asking again would wait again


class Readable(Protocol):
    """Anything pictures are read from."""

    skipped: int  # pictures before the last one that could not be decoded

    @property
    def opened(self) -> bool:
        """It can be read."""

    @property
    def fps(self) -> float | None:
        """The rate it promises, if that is a sane one."""

    def read(self) -> U8 | None:
        """The next picture ``(H,W,3)`` BGR, or ``None`` if there is none any more."""

    def release(self) -> None:
        """Let the device or file go."""


class Capture:
    """A camera that OpenCV opened, or failed to open."""

    def __init__(self, inner: cv2.VideoCapture) -> None:
        self._inner = inner
        self.skipped = 0  # pictures before the last one that could not be decoded

    @property
    def opened(self) -> bool:
        """It can be read."""
        return bool(self._inner.isOpened())

    @property
    def fps(self) -> float | None:
        """The rate it promises, if that is a sane one."""
        fps = float(self._inner.get(cv2.CAP_PROP_FPS))
        return fps if 0 < fps <= 1000 else None

    def read(self) -> U8 | None:
        """The next picture as ``(H,W,3)`` BGR, or None when the camera is lost, or when the time limit is over.

        A picture that cannot be decoded looks like the end at first; only several in a row are the end.
        """
        self.skipped = 0
        while self.skipped < MAX_BROKEN:
            asked = time.monotonic()
            if (picture := self._decoded()) is not None:
                return picture
            if time.monotonic() - asked > QUICK_S:
                return None
            self.skipped += 1
        return None

    def _decoded(self) -> U8 | None:
        try:
            there, picture = self._inner.read()
        except cv2.error:
            return None
        if not there or picture is None or not picture.size:
            return None
        if picture.ndim == 2:
            picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        return np.asarray(picture[..., :3], dtype=np.uint8)

    def release(self) -> None:
        """Let the device or file go."""
        self._inner.release()


def open_camera(target: int | str, options: FrameOptions) -> Capture:
    """A camera by number or device file, with the size and rate that were asked for."""
    hush()
    inner = cv2.VideoCapture(target, _camera_backend(options.backend))
    if not inner.isOpened():
        return Capture(inner)
    wishes = {cv2.CAP_PROP_FRAME_WIDTH: options.width, cv2.CAP_PROP_FRAME_HEIGHT: options.height,
              cv2.CAP_PROP_FPS: options.fps, cv2.CAP_PROP_BUFFERSIZE: 1}  # fmt: skip
    if options.width is not None and options.width >= 1280:  # raw pictures of this size do not fit through USB 2
        inner.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    for key, value in wishes.items():
        if value is not None:
            inner.set(key, value)
    return Capture(inner)


def hush() -> None:
    """Failures are reported in our own words: OpenCV's and FFMPEG's lines are for who sets ``OPENCV_LOG_LEVEL``."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _camera_backend(name: str) -> int:
    if name == "auto":
        return int(cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY)
    number = int(getattr(cv2, f"CAP_{name.upper()}"))
    if not cv2.videoio_registry.hasBackend(number):
        raise BadOption(f"this OpenCV has no backend {name!r}. Leave frames.backend=auto, or install another OpenCV.")
    return number
