"""Streams through PyAV, where it is installed (extra ``video``).

Unlike OpenCV it hands over every frame of H.264 in the frame's own size, and takes FFMPEG's options a stream at a time.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np

from physadv.frames.capture import MOST_BROKEN, U8
from physadv.frames.entries import FrameOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.video.frame import VideoFrame


def pyav_is_here() -> bool:
    """PyAV can be imported."""
    return importlib.util.find_spec("av") is not None


class Packets:
    """A stream that PyAV opened, or failed to open. Looks like a :class:`~physadv.frames.capture.Capture`."""

    clock_s = 0.0
    count = 0

    def __init__(self, url: str, options: FrameOptions, *, listen: bool = False) -> None:
        import av

        self.skipped = 0
        self.fps: float | None = None
        self._container: InputContainer | None = None
        self._frames: Iterator[VideoFrame | None] = iter(())
        words = {"rtsp_transport": "tcp"} if url.startswith("rtsp") else {}
        if listen:
            words |= {"rtsp_flags": "listen", "listen_timeout": str(max(1, round(options.open_timeout_s)))}
        limits = (options.open_timeout_s, options.read_timeout_s)
        try:
            self._container = av.open(url, timeout=limits, options=words)
            if not self._container.streams.video:
                self.release()
                return
        except (av.FFmpegError, OSError, ValueError):
            return
        rate = self._container.streams.video[0].average_rate
        self.fps = float(rate) if rate and 0 < rate <= 1000 else None
        self._frames = self._decoded()

    @property
    def opened(self) -> bool:
        """It can be read."""
        return self._container is not None

    def read(self) -> U8 | None:
        """The next picture as ``(H,W,3)`` BGR, or None at the end, when it is lost, or when the time limit is over."""
        self.skipped = 0
        for frame in self._frames:
            if frame is not None:
                return np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
            self.skipped += 1
            if self.skipped >= MOST_BROKEN:
                break
        return None

    def release(self) -> None:
        """Let the stream go."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decoded(self) -> Iterator[VideoFrame | None]:
        """Frames; None for a packet that cannot be decoded."""
        import av

        assert self._container is not None
        packets = self._container.demux(video=0)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.FFmpegError, OSError):
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                yield None
