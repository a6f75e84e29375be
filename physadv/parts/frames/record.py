"""Writes frames to a video file."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOption, BadOutput
from physadv.parts.frames.capture import hush

logger = logging.getLogger(__name__)

CODECS = {".avi": "MJPG", ".mkv": "FFV1", ".mp4": "mp4v"}
"""Codecs by kind of file. FFV1 loses nothing; MJPG keeps frames apart from each other; mp4v is small,
blurs small prints, and is not for numbers."""

KEEP_FREE_MB = 64.0


class Recorder:
    """A video file that grows frame by frame. Frames of another size go on in ``name-2.avi``, unscaled.

    OpenCV does not say when a write fails. So the free space is looked at before every frame, and what was written is
    counted at the end.
    """

    def __init__(self, path: Path, *, fps: float, codec: str = "", keep_free_mb: float = KEEP_FREE_MB) -> None:
        self.path = path
        self.paths: list[Path] = []  # of all parts
        self.frames = 0
        self._fps = fps
        self._codec = codec or CODECS.get(path.suffix.lower(), "")
        self._keep_free_mb = keep_free_mb
        self._writer: cv2.VideoWriter | None = None
        self._size_px = (0, 0)
        self._in_part = 0
        if not self._codec:
            raise BadOption(f"cannot tell the codec of {path.name!r}. Name it .avi (MJPG) or .mkv (FFV1, lossless).")
        if len(self._codec) != 4:
            raise BadOption(f"a codec has four letters, such as MJPG or FFV1, got {self._codec!r}.")
        if not 0 < fps <= 1000:
            raise BadOption(f"a recording needs a rate between 0 and 1000 frames a second, got {fps:g}.")
        if path.exists():
            raise BadOutput(f"{str(path)!r} exists. Move it away, or record to another file.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadOutput(f"cannot make the folder of {str(path)!r}: {error.strerror}.") from error
        self._check_codec()

    def write(self, bgr_u8: npt.NDArray[np.uint8]) -> None:
        """Add ``(H,W,3)`` BGR. What was written so far is whole if this raises."""
        size = (bgr_u8.shape[1], bgr_u8.shape[0])
        free_mb = shutil.disk_usage(self.path.parent).free / 1e6
        if free_mb < self._keep_free_mb:
            self.close()
            raise BadOutput(
                f"the disk is full ({free_mb:.0f} MB left): recording stopped, "
                f"{str(self.path)!r} holds {self.frames} frames. Free some space, or record elsewhere."
            )
        if self._writer is None or size != self._size_px:
            self.close()
            self._begin(size)
        assert self._writer is not None
        self._writer.write(np.ascontiguousarray(bgr_u8))
        self.frames += 1
        self._in_part += 1

    def close(self) -> None:
        """Finish the file and see whether it holds what was written.

        Raises :class:`BadOutput` where frames are missing.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        written, part = self._in_part, self.paths[-1]
        there = _frames_in(part)
        if there < written - 1:  # containers that store only a duration round
            raise BadOutput(
                f"{str(part)!r} holds {there} of {written} frames: the disk is full, "
                "or files may not grow so large. Free some space, or record elsewhere."
            )

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, size_px: tuple[int, int]) -> None:
        number = len(self.paths) + 1
        part = self.path if number == 1 else self.path.with_stem(f"{self.path.stem}-{number}")
        if part.exists():
            raise BadOutput(f"{str(part)!r} exists. Move it away, or record to another file.")
        writer = _open(part, self._codec, self._fps, size_px)
        if not writer.isOpened():
            part.unlink(missing_ok=True)
            raise BadOutput(f"cannot write {str(part)!r} at {size_px[0]}x{size_px[1]} px. Is the folder writable?")
        if number > 1:
            logger.warning("frames are %dx%d px now: the recording goes on in %s", *size_px, part)
        self.paths.append(part)
        self._writer, self._size_px, self._in_part = writer, size_px, 0

    def _check_codec(self) -> None:
        """Refuse at once what would not open at the first frame; leaves no file behind."""
        if _opens(self.path, self._codec):
            return
        if any(_opens(self.path.with_suffix(suffix), codec) for suffix, codec in CODECS.items()):
            able = ", ".join(f"{codec} in {suffix}" for suffix, codec in CODECS.items())
            raise BadOption(f"this OpenCV cannot write {self._codec!r} into {self.path.suffix}. Choose one of {able}.")
        raise BadOutput(f"cannot write in {str(self.path.parent)!r}. Choose a folder that you may write to.")


def writable_codecs(folder: Path) -> list[str]:
    """The codecs that this build of OpenCV can record, tried out in ``folder``."""
    return [f"{codec} ({suffix})" for suffix, codec in CODECS.items() if _opens(folder / f"probe{suffix}", codec)]


def _opens(path: Path, codec: str) -> bool:
    probe = path.with_stem(f".{path.stem}-probe")
    writer = _open(probe, codec, 10.0, (64, 64))
    opened = bool(writer.isOpened())
    writer.release()
    try:
        probe.unlink(missing_ok=True)
    except OSError:
        return False
    return opened


def _open(path: Path, codec: str, fps: float, size_px: tuple[int, int]) -> cv2.VideoWriter:
    hush()
    return cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size_px)


def _frames_in(path: Path) -> int:
    """How many frames a file says it holds; those of a damaged one are counted."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        count = round(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        if count > 0:
            return count
        count = 0
        while capture.isOpened() and capture.grab():
            count += 1
        return count
    finally:
        capture.release()
