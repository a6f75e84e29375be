"""Opens what OpenCV can open, within a time limit and without its noise on the terminal.

OpenCV reads cameras as well as files, is installed anyway, and its FFMPEG backend has time limits for opening and
reading, which keep a dead stream from hanging the reader. Where it falls short, see :mod:`physadv.frames.packets`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from physadv.errors import BadOption
from physadv.frames.entries import FrameOptions

U8 = npt.NDArray[np.uint8]

_FFMPEG_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"  # the only way to FFMPEG's own options; of the whole process
_environment = threading.Lock()
_AS_IT_IS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
MOST_BROKEN = 20  # pictures in a row that cannot be decoded; then it counts as the end
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

    @property
    def count(self) -> int:
        """Of all frames, as far as the container tells; 0 for what has no end."""

    @property
    def clock_s(self) -> float:
        """The file's time of the last picture."""

    def read(self) -> U8 | None:
        """The next picture, or None if there is none any more."""

    def release(self) -> None:
        """Let the device or file go."""


class Capture:
    """What OpenCV opened, or failed to open."""

    def __init__(self, inner: cv2.VideoCapture, *, live: bool = False) -> None:
        self._inner = inner
        self.skipped = 0  # pictures before the last one that could not be decoded
        # OpenCV's FFMPEG backend squeezes every picture into the size of the first one and says nothing.
        # JPEG pictures are therefore taken as they arrive, and decoded here.
        self._jpeg = live and inner.isOpened() and self._fourcc == "MJPG" and inner.set(cv2.CAP_PROP_FORMAT, -1)

    @property
    def opened(self) -> bool:
        """It can be read."""
        return bool(self._inner.isOpened())

    @property
    def fps(self) -> float | None:
        """The rate it promises, if that is a sane one."""
        fps = float(self._inner.get(cv2.CAP_PROP_FPS))
        return fps if 0 < fps <= 1000 else None

    @property
    def count(self) -> int:
        """Of all frames, as far as the container tells; 0 for what has no end."""
        count = self._inner.get(cv2.CAP_PROP_FRAME_COUNT)
        return round(count) if 0 < count < 2**40 else 0

    @property
    def clock_s(self) -> float:
        """The file's time of the last picture."""
        return float(self._inner.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def read(self) -> U8 | None:
        """The next picture as ``(H,W,3)`` BGR, or None at the end, when it is lost, or when the time limit is over.

        A picture that cannot be decoded looks like the end at first; only several in a row are the end.
        """
        self.skipped = 0
        while self.skipped < MOST_BROKEN:
            asked = time.monotonic()
            if (picture := self._decoded()) is not None:
                return picture
            if time.monotonic() - asked > QUICK_S:
                return None
            self.skipped += 1
        return None

    def _decoded(self) -> U8 | None:
        try:
            there, data = self._inner.read()
            picture = cv2.imdecode(data, _AS_IT_IS) if there and self._jpeg else data
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

    @property
    def _fourcc(self) -> str:
        return int(self._inner.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1")


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


def open_file(path: str) -> Capture:
    """A video file."""
    hush()
    return Capture(cv2.VideoCapture(path, cv2.CAP_FFMPEG))


def open_url(url: str, options: FrameOptions, *, listen: bool = False) -> Capture:
    """A stream, by FFMPEG, within the time limits. With ``listen`` (RTSP) the sender connects to us."""
    hush()
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1000 * options.open_timeout_s),
              cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1000 * options.read_timeout_s)]  # fmt: skip
    words = ["rtsp_transport;tcp"] if url.startswith("rtsp") else []
    if listen:
        words += ["rtsp_flags;listen", f"listen_timeout;{max(1, round(options.open_timeout_s))}"]
    with _ffmpeg_options("|".join(words)):
        return Capture(cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits), live=True)


def hush() -> None:
    """Failures are told in our own words: OpenCV's and FFMPEG's lines are for who sets ``OPENCV_LOG_LEVEL``."""
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


@contextmanager
def _ffmpeg_options(text: str) -> Iterator[None]:
    """FFMPEG's options for what is opened inside; what the user set in the environment goes first."""
    with _environment:
        before = os.environ.get(_FFMPEG_OPTIONS)
        if text:
            os.environ[_FFMPEG_OPTIONS] = f"{text}|{before}" if before else text
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(_FFMPEG_OPTIONS, None)
            else:
                os.environ[_FFMPEG_OPTIONS] = before
