"""Films and streams through PyAV: every frame in its own size, with the film's own clock, geometry and light.

OpenCV's own FFMPEG reader is not asked: it squeezes all frames into the size of the first, knows no AV1, and hands
over memory that nothing was decoded into where it cannot convert a picture (interlaced film), calling that a success.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from physadv.parts.frames.capture import MAX_BROKEN, U8
from physadv.parts.frames.colour_description import HLG, PQ, REFERENCE_WHITE_NITS, SDR_WHITE_NITS, brightest_nits
from physadv.parts.frames.frame_converter import FrameConverter
from physadv.parts.frames.interlace import Deinterlacer
from physadv.parts.frames.options import FrameOptions

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

NO_DECODER = "is in a codec without a decoder"
LOOKS_FOR_WHITE = 8  # frames of an HDR film, evenly over its length, that tell how bright its white is

_LOCAL = {"protocol_whitelist": "file,crypto,data"}  # a file may name others, but nothing beyond this machine
# PyAV's errors are no one family: some are OSErrors, some ValueErrors
_FAILED = (av.FFmpegError, OSError, ValueError)


class Packets:
    """A film or stream that PyAV opened, or failed to open: then :attr:`refusal` may say why."""

    def __init__(
        self, target: str, name: str, *, limits: tuple[float, float] | None = None, words: dict[str, str] | None = None
    ) -> None:
        """``limits`` are the seconds for opening and for reading; ``words`` go to FFmpeg."""
        self.skipped = 0  # pictures before the last one that could not be decoded
        self.broken = 0  # of all
        self.failed = ""  # why reading ended, where it was not the end
        self.refusal = ""
        self.error: Exception | None = None  # of opening
        self.clock_s = 0.0
        self.fps: float | None = None
        self._live = limits is not None
        self._raster = FrameConverter(name)
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._frames: Iterator[VideoFrame | None] = iter(())
        try:
            self._container = av.open(target, timeout=limits, options=words or {}, metadata_errors="replace")
            self._stream = self._pictures(self._container)
        except _FAILED as error:
            self.error = error
            self.release()
            return
        if self._stream is None:
            self.release()
            return
        # with several frames in work at a time a live picture would come late
        self._stream.codec_context.thread_type = "SLICE" if self._live else "AUTO"
        rate = self._stream.average_rate
        self.fps = float(rate) if rate and 0 < rate <= 1000 else None
        self._frames = self._decoded(self._container, self._stream)

    @property
    def opened(self) -> bool:
        """It can be read."""
        return self._container is not None

    @property
    def duration_s(self) -> float | None:
        """As far as the container tells; None for what has no end."""
        if self._container is None or not self._container.duration or self._container.duration <= 0:
            return None
        if self._stream is not None and self._stream.duration and self._stream.time_base:
            return float(self._stream.duration * self._stream.time_base)  # sound may go on for longer
        return float(self._container.duration / av.time_base)

    def read(self) -> U8 | None:
        """The next picture as ``(H,W,3)`` BGR, or None at the end, when it is lost, or when the time limit is over."""
        self.skipped = 0
        for frame in self._frames:
            if frame is not None:
                if frame.time is not None:
                    self.clock_s = frame.time
                return np.asarray(self._raster.bgr_u8(frame, self._pixel_aspect()), dtype=np.uint8)
            self.skipped += 1
            self.broken += 1
            if self._live and self.skipped >= MAX_BROKEN:
                break
        return None

    def release(self) -> None:
        """Let the film or stream go."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def find_white(self, target: str) -> None:
        """Of an HDR film: its brightest light, between SDR's white and HDR's. Asked before the first picture."""
        if self._stream is None or int(self._stream.codec_context.color_trc) not in (PQ, HLG):
            return
        with suppress(*_FAILED, StopIteration), av.open(target, options=_LOCAL) as container:
            stream = container.streams.video[0]
            begin, length, brightest = stream.start_time or 0, stream.duration or 0, 0.0
            for number in range(LOOKS_FOR_WHITE):
                container.seek(begin + length * number // LOOKS_FOR_WHITE, stream=stream)
                frame = next(container.decode(stream))
                light = self._raster.light_of(frame)
                brightest = max(brightest, brightest_nits(frame.to_ndarray(format="rgb48le", threads=1), light))
            self._raster.white_nits = min(max(brightest, SDR_WHITE_NITS), REFERENCE_WHITE_NITS)

    def _pictures(self, container: InputContainer) -> VideoStream | None:
        """The stream with moving pictures; a song's cover is none."""
        films = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not films:
            kinds = sorted({stream.type for stream in container.streams})
            self.refusal = "holds sound only, no pictures" if "audio" in kinds else "holds no pictures"
            return None
        decoder: object = films[0].codec_context  # None where FFmpeg has none, whatever its types say
        if decoder is None:
            self.refusal = NO_DECODER
            return None
        return films[0]

    def _pixel_aspect(self) -> Fraction | None:
        assert self._stream is not None
        return self._stream.sample_aspect_ratio or self._stream.codec_context.sample_aspect_ratio

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
        """Whole frames; None for one that cannot be decoded, or only in part."""
        whole = Deinterlacer()
        for frame in self._packets(container, stream):
            if frame is None or frame.is_corrupt:
                yield None
                continue
            if container.format.name == "avi":  # knows the order of decoding only; other times are made up for it
                frame.pts = frame.dts
            yield from whole.pushed(frame)
        yield from whole.rest()

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.EOFError):
                return
            except _FAILED as error:
                self.failed = str(error)
                return
            try:
                yield from packet.decode()
            except av.EOFError:
                return
            except _FAILED:
                yield None


def open_film(path: str, name: str) -> Packets:
    """A file. ``file:`` keeps a name with a colon from being taken for an address."""
    film = Packets(f"file:{path}", name, words=_LOCAL)
    film.find_white(f"file:{path}")
    return film


def answer(error: Exception | None) -> str:
    """The server's own reason for giving no film, where it gave one."""
    return next((words for kind, words in _ANSWERS.items() if isinstance(error, kind)), "")


_ANSWERS: dict[type[Exception], str] = {
    av.error.HTTPUnauthorizedError: "asks for a user name and a password (401), which stand before the host and an @",
    av.error.HTTPForbiddenError: "is forbidden (403)",
    av.error.HTTPNotFoundError: "is not there: the server answers 404",
    av.error.HTTPBadRequestError: "is refused by the server (400)",
    av.error.HTTPOtherClientError: "is refused by the server (4xx)",
    av.error.HTTPServerError: "fails at the server (5xx)",
    av.error.InvalidDataError: "sends nothing that FFmpeg knows as a film: a web page, a login, a file cut short?",
}


def open_url(url: str, name: str, options: FrameOptions, *, listen: bool = False) -> Packets:
    """A stream, within the time limits. With ``listen`` (RTSP) the sender connects to us."""
    words = {"rtsp_transport": "tcp"} if url.startswith("rtsp") else {}
    if listen:
        words |= {"rtsp_flags": "listen", "listen_timeout": str(max(1, round(options.open_timeout_s)))}
    return Packets(url, name, limits=(options.open_timeout_s, options.read_timeout_s), words=words)
