"""Feeds that do not wait: cameras and streams. What is lost is sought again, with growing pauses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from physadv.core.errors import DeadFeed, PhysadvError
from physadv.core.types import Frame
from physadv.parts.frames.cameras import cameras_here
from physadv.parts.frames.capture import U8, Readable, open_camera
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.packets import Packets, answer, open_url
from physadv.parts.frames.recorded import FOLDER_FPS, clip_frames, played, within
from physadv.parts.frames.source import Frames, Status

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0


class CameraFeed:
    """A camera by its number or device file."""

    live = True

    def __init__(self, target: int | str, options: FrameOptions) -> None:
        self.name = f"camera {target}"
        self.fps: float | None = None
        self._target = target
        self._options = options

    def frames(self, status: Status) -> Frames:
        """Frames as they come; a camera that is unplugged is sought."""
        return within(self._all(status), self._options)

    def _all(self, status: Status) -> Frames:
        capture = open_camera(self._target, self._options)
        if not capture.opened:
            raise cameras_here().refuse(self._target)
        picture = capture.read()
        if picture is None:
            capture.release()
            raise cameras_here().refuse_dark(self._target)
        self.fps = capture.fps
        asked, got = (self._options.width, self._options.height), (picture.shape[1], picture.shape[0])
        if asked[0] is not None and asked != got:
            logger.warning("%s gives %dx%d px, not the %dx%d px asked for", self.name, *got, *asked)
        yield from _going_on(self.name, capture, picture, lambda: open_camera(self._target, self._options),
                             status, self._options)  # fmt: skip


class Stream:
    """A URL. It is a live stream, unless the server says how long it is: then it is a file."""

    def __init__(self, url: str, name: str, options: FrameOptions, *, listen: bool = False) -> None:
        self.name = name
        self.live = True
        self.fps: float | None = None
        self._url = url
        self._listen = listen
        self._options = options

    def frames(self, status: Status) -> Frames:
        """Frames as they come; a stream that breaks off is sought.

        Raises :class:`DeadFeed` where it does not open, or gives no picture.
        """
        begun = time.monotonic()
        capture = self._open()
        if not capture.opened:
            slow = time.monotonic() - begun > 0.9 * self._options.open_timeout_s
            seen = f"gave no picture in {self._options.open_timeout_s:g} s" if slow else "was refused at once"
            if told := capture.refusal or answer(capture.error):
                raise DeadFeed(f"{self.name} {told}. Name a film or a camera's stream.")
            raise DeadFeed(f"{self.name} {seen}. {self._advice}")
        self.fps = capture.fps
        if capture.duration_s and self._url.startswith("http"):
            self.live = False
            return (yield from played(lambda: self._file(capture, status), status, self._options, lambda: self.fps))
        if (picture := capture.read()) is None:
            capture.release()
            raise DeadFeed(f"{self.name} opens but sends no picture. {self._advice}")
        yield from within(_going_on(self.name, capture, picture, self._open, status, self._options), self._options)

    def _open(self) -> Packets:
        return open_url(self._url, self.name, self._options, listen=self._listen)

    def _file(self, capture: Packets, status: Status) -> Frames:
        """A file on a server; one that breaks off before its end died."""
        if not capture.opened:  # another round
            capture = self._open()
        promised_s, last_s = capture.duration_s or 0.0, 0.0
        try:
            for frame in clip_frames(capture, status):
                last_s = frame.time_s
                yield frame
        finally:
            capture.release()
        if last_s + 1 / (self.fps or FOLDER_FPS) < 0.95 * promised_s and not status.stopping.is_set():
            status.died(f"{self.name} broke off after {last_s:.1f} of {promised_s:.1f} s")

    @property
    def _advice(self) -> str:
        if self._listen:
            return "Nobody sent to it: start the sender now, or wait longer with frames.open_timeout_s."
        if self._url.startswith("udp"):
            return "UDP is received here: start a sender to this port, and name this machine's address or 0.0.0.0."
        return "Is the sender running, is the address right, does it need a password? Try: ffplay URL"


def _going_on(
    name: str, capture: Readable, picture: U8 | None, open_: Callable[[], Readable],
    status: Status, options: FrameOptions,
) -> Frames:  # fmt: skip
    """The first picture, all that follow, and those after a gap: numbers and clock go on."""
    status.begun = time.monotonic()
    index = 0
    try:
        while picture is not None:
            yield Frame(index, time.monotonic() - status.begun, picture)
            status.beat()
            picture = capture.read()
            index += 1 + capture.skipped
            if picture is None and not status.stopping.is_set():
                capture.release()
                capture, picture = _sought(name, capture, open_, status, options)
    finally:
        capture.release()


def _sought(
    name: str, capture: Readable, open_: Callable[[], Readable], status: Status, options: FrameOptions
) -> tuple[Readable, U8 | None]:
    """Try to open it again, pausing twice as long every time, until the time for it is over."""
    lost_at, pause, tries = time.monotonic(), FIRST_PAUSE_S, 0
    status.lost(f"{name} sends nothing")
    logger.warning("%s sends nothing; trying to open it again for %g s", name, options.reconnect_s)
    while time.monotonic() - lost_at < options.reconnect_s and not status.stopping.wait(pause):
        status.beat()
        tries, pause = tries + 1, min(2 * pause, LONGEST_PAUSE_S)
        try:
            capture = open_()
        except PhysadvError:
            continue
        status.beat()
        # two: a server that stalls may still hand everyone who connects the last picture it had
        if capture.opened and capture.read() is not None and (picture := capture.read()) is not None:
            logger.warning("%s is back after %.1f s", name, time.monotonic() - lost_at)
            status.found()
            return capture, picture
        capture.release()
    if status.stopping.is_set():  # nobody wants more: that is no death
        return capture, None
    gone_s = time.monotonic() - lost_at
    status.died(f"{name} sent nothing any more and did not come back in {gone_s:.1f} s ({tries} tries)")
    return capture, None
