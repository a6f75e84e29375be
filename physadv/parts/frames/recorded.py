"""Feeds that wait: video files, folders of images, single images. Every frame, in order, with the file's own time."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.core.types import Frame
from physadv.library.colour.conversion import bgr_u8_from_srgb
from physadv.library.files.images import load_srgb
from physadv.parts.frames.container import codec_name, missing_bytes, why_unreadable
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.packets import NO_DECODER, Packets, open_film
from physadv.parts.frames.source import Frames, Status

logger = logging.getLogger(__name__)

IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
FOLDER_FPS = 30.0  # pace of a folder of images, if none is chosen


class VideoFile:
    """A video file."""

    live = False

    def __init__(self, path: Path, options: FrameOptions) -> None:
        self.name = path.name
        self.fps: float | None = None
        self._path = path
        self._options = options

    def frames(self, status: Status) -> Frames:
        """All frames between start and stop, again and again if looped."""
        return played(lambda: self._once(status), status, self._options, lambda: self.fps)

    def _once(self, status: Status) -> Frames:
        status.beat()
        film = open_film(str(self._path), self.name)
        count = 0
        try:
            if not film.opened:
                raise BadInput(f"{str(self._path)!r} {self._cause(film)}.")
            self.fps = film.fps
            for frame in clip_frames(film, status):
                count += 1
                yield frame
        finally:
            film.release()
        missing = missing_bytes(self._path)
        if not count and not status.stopping.is_set():
            raise BadInput(
                f"no frame of {str(self._path)!r} can be decoded. It is {'cut short' if missing else 'damaged'}: "
                "make or copy it again."
            )
        if missing and not status.stopping.is_set():
            logger.warning("%s: cut short, %d bytes are missing: these are the first %d frames of it",
                           self.name, missing, count)  # fmt: skip
        elif film.failed:
            logger.warning("%s: damaged, it cannot be read beyond frame %d (%s)", self.name, count, film.failed)
        if film.broken:
            logger.warning("%s: %d frames could not be decoded; they are passed over", self.name, film.broken)

    def _cause(self, film: Packets) -> str:
        if film.refusal == NO_DECODER:
            return (
                f"holds pictures in {codec_name(self._path)}, for which there is no decoder here. "
                "Convert it with a program that has one: ffmpeg -i FILE -c:v libx264 -crf 10 film.mp4"
            )
        return f"{film.refusal}. Name a film" if film.refusal else why_unreadable(self._path)


class ImageSequence:
    """Images in the order of the numbers in their names, at a pace of our own. Sizes may differ."""

    live = False

    def __init__(self, name: str, paths: Sequence[Path], options: FrameOptions) -> None:
        self.name = name
        self.fps: float | None = options.fps or FOLDER_FPS
        self._paths = paths
        self._options = options

    def frames(self, status: Status) -> Frames:
        """All images between start and stop, again and again if looped."""
        return played(lambda: self._once(status), status, self._options, lambda: self.fps)

    def _once(self, status: Status) -> Frames:
        readable = 0
        refusal: BadInput | None = None
        for index, path in enumerate(self._paths):
            status.beat()
            try:
                picture = bgr_u8_from_srgb(load_srgb(path))
            except BadInput as error:
                refusal = refusal or error
                logger.warning("%s", error)
                continue
            readable += 1
            yield Frame(index, index / (self.fps or FOLDER_FPS), picture)
        if refusal and not readable:
            raise refusal


def images_in(folder: Path) -> list[Path]:
    """The images of a folder; ``img2`` comes before ``img10``. Raises :class:`BadInput` where there is none."""
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in IMAGES and not p.name.startswith(".")]
    except OSError as error:
        raise BadInput(f"cannot read {str(folder)!r}: {error.strerror}. Check its permissions.") from error
    if not found:
        raise BadInput(f"no images in {str(folder)!r}. Put {', '.join(IMAGES)} files there, or name a video file.")
    return sorted(found, key=_natural)


def clip_frames(capture: Packets, status: Status) -> Frames:
    """All frames of an open file; the first one is at 0 s. Where the file's clock goes wrong, its rate goes on."""
    period = 1 / (capture.fps or FOLDER_FPS)
    index, begun, last = -1, 0.0, -period
    while not status.stopping.is_set():
        status.beat()
        if (picture := capture.read()) is None:
            return
        begun = capture.clock_s if index < 0 else begun
        index += 1 + capture.skipped
        clock = capture.clock_s - begun
        last = clock if clock > last else last + period
        yield Frame(index, last, picture)


def played(
    once: Callable[[], Frames], status: Status, options: FrameOptions, fps: Callable[[], float | None]
) -> Frames:
    """From start to stop, over and over if looped; as fast as it is consumed, or at its own pace if it may drop."""
    number, offset = 0, 0.0  # of the round's first frame
    while True:
        frame = None
        for frame in within(once(), options):
            moved = Frame(number + frame.index, offset + frame.time_s, frame.bgr_u8)
            if options.drop == "latest":
                _pace(moved, status)
            yield moved
        if not options.loop or frame is None or status.stopping.is_set():
            return
        number, offset = number + frame.index + 1, offset + frame.time_s + 1 / (fps() or FOLDER_FPS)


def within(frames: Frames, options: FrameOptions) -> Frames:
    """Only those between start and stop."""
    for frame in frames:
        if options.stop_s is not None and frame.time_s >= options.stop_s:
            return
        if frame.time_s >= options.start_s:
            yield frame


def _pace(frame: Frame, status: Status) -> None:
    """Wait until the file's clock has come to this frame, as if a camera filmed it."""
    now = time.monotonic()
    if status.begun is None:
        status.begun = now - frame.time_s
    while (left := status.begun + frame.time_s - time.monotonic()) > 0 and not status.stopping.is_set():
        status.beat()
        status.stopping.wait(min(left, 1.0))


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    """Digits count as numbers."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts if part]
