"""A feed that is open: one thread reads, the consumer takes what it can."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from types import TracebackType

import cv2

from physadv.core.errors import DeadFeed, PhysadvError
from physadv.core.types import Frame
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.slot import Slot
from physadv.parts.frames.source import Producer, SourceState, Status

logger = logging.getLogger(__name__)

TICK_S = 0.1  # waits are cut in pieces of this, so that Ctrl-C is heard
PATIENCE_S = 10.0  # beyond its own time limits, before a driver is given up that does not return


class Feed:
    """Reads a producer in a thread of its own. Raises what the producer says if there is no first frame."""

    def __init__(self, producer: Producer, options: FrameOptions) -> None:
        self.name = producer.name
        self._producer = producer
        self._options = options
        self._status = Status()
        self._slot: Slot | None = None  # made when it is known whether the source is live
        self._error: PhysadvError | None = None
        self._expected: int | None = None  # number of the next frame if none is dropped
        self._size_px = (0, 0)
        self._thread = threading.Thread(target=self._run, name=f"feed {self.name}", daemon=True)
        self._thread.start()
        try:
            self._wait_for_first()
        except BaseException:  # Ctrl-C while waiting, too: the thread must not stay behind
            self.close()
            raise

    @property
    def live(self) -> bool:
        """A camera or stream, which does not wait."""
        return self._producer.live

    @property
    def fps(self) -> float | None:
        """Frames a second that the source promises, if it does."""
        return self._producer.fps

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the frame that was delivered last; of the first one before."""
        return self._size_px

    @property
    def state(self) -> SourceState:
        """Of the reader; frames it has taken already may still be waiting."""
        return self._status.state

    @property
    def reason(self) -> str:
        """Why it is lost or died, in one line; else empty."""
        return self._status.reason

    @property
    def over(self) -> bool:
        """No frame will come any more."""
        return self._slot is None or (self.state in (SourceState.DIED, SourceState.ENDED) and self._slot.empty)

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None if none came in that time or none will come: see :attr:`over`."""
        until = time.monotonic() + timeout_s
        while self._slot is not None:
            left = until - time.monotonic()
            if (frame := self._slot.get(max(0.0, min(TICK_S, left)))) is not None:
                return self._counted(frame)
            if left <= 0 or self.over:
                return None
            self._give_up_if_stuck()
        return None

    def __iter__(self) -> Iterator[Frame]:
        """Every frame that is not dropped; the feed is closed however the loop is left."""
        try:
            while not self.over:
                if (frame := self.read(1.0)) is not None:
                    yield frame
        finally:
            self.close()

    def age_s(self, frame: Frame) -> float | None:
        """How long ago a live frame reached this machine; None for files."""
        if self._status.begun is None:
            return None
        return time.monotonic() - self._status.begun - frame.time_s

    def close(self) -> None:
        """Stop reading and let the device go."""
        self._status.stopping.set()
        if self._slot is not None:
            self._slot.close()
            self._slot.clear()
        if self._thread is threading.current_thread() or not self._thread.is_alive():
            return
        self._thread.join(self._limit_s)
        if self._thread.is_alive():
            logger.warning("%s: its driver does not answer; it is left alone", self.name)

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def _limit_s(self) -> float:
        return max(self._options.open_timeout_s, self._options.read_timeout_s) + PATIENCE_S

    def _run(self) -> None:
        """The reader's thread."""
        frames = self._producer.frames(self._status)
        try:
            with contextlib.closing(frames):
                first = next(frames, None)
                if first is not None:
                    self._start(first)
                    for frame in frames:
                        if self._status.stopping.is_set() or not self._put(frame):
                            break
        except PhysadvError as error:
            self._error = error
        except (cv2.error, OSError, MemoryError) as error:
            self._error = DeadFeed(f"{self.name}: {type(error).__name__}: {' '.join(str(error).split())}.")
        finally:
            if self._error is not None:
                self._status.died(str(self._error))
            self._status.ended()
            if self._slot is not None:
                self._slot.close()

    def _start(self, first: Frame) -> None:
        self._expected = first.index
        self._size_px = (first.bgr_u8.shape[1], first.bgr_u8.shape[0])
        latest = self._options.drop == "latest" or (self._options.drop == "auto" and self.live)
        slot = Slot(latest=latest)
        slot.put(first)
        self._slot = slot

    def _put(self, frame: Frame) -> bool:
        taken = self._slot is not None and self._slot.put(frame)
        self._status.beat()  # waiting for a slow consumer is no silence
        return taken

    def _wait_for_first(self) -> None:
        while self._slot is None and self._thread.is_alive():
            self._thread.join(TICK_S / 4)
            if self._status.silent_s > self._limit_s:
                raise DeadFeed(f"{self.name} does not answer, and its driver does not return. Unplug it, or restart.")
        if self._slot is None:
            raise self._error or DeadFeed(
                f"{self.name} has no frame between start_s={self._options.start_s:g} and its end."
            )

    def _give_up_if_stuck(self) -> None:
        if self._thread.is_alive() and self._status.silent_s > self._limit_s and self._slot is not None:
            self._status.died(f"{self.name}: its driver has not returned for {self._status.silent_s:.0f} s")
            self._slot.close()

    def _counted(self, frame: Frame) -> Frame:
        """With the number of frames that were passed over since the last one."""
        dropped = 0 if self._expected is None else max(0, frame.index - self._expected)
        self._expected = frame.index + 1
        size = (frame.bgr_u8.shape[1], frame.bgr_u8.shape[0])
        if size != self._size_px:
            level = logging.WARNING if self.live else logging.DEBUG  # images of a folder differ as a rule
            logger.log(level, "%s: frames are %dx%d px now, they were %dx%d", self.name, *size, *self._size_px)
            self._size_px = size
        return Frame(frame.index, frame.time_s, frame.bgr_u8, dropped)
