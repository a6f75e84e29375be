"""The common ground of every feed: frames in order, a state, and an end that says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import Protocol, TypeAlias

from physadv.core.types import Frame

Frames: TypeAlias = Generator[Frame, None, None]


class SourceState(StrEnum):
    """Where a feed stands."""

    RUNNING = "running"
    LOST = "lost"  # a live feed gives nothing; it is being sought
    DIED = "died"  # it was lost and did not come back
    ENDED = "ended"  # the end of the file, the chosen end, or it was closed


class FrameSource(Protocol):
    """A feed that is open. It is read once, from one thread; leaving the loop closes it."""

    name: str  # as typed, without password

    @property
    def live(self) -> bool:
        """A camera or stream, which does not wait."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the frame that was delivered last; the next one may differ."""

    @property
    def fps(self) -> float | None:
        """Frames a second that the source promises, if it does."""

    @property
    def state(self) -> SourceState:
        """Of the reader: frames it has taken already may still be waiting when it says ``ended`` or ``died``."""

    @property
    def reason(self) -> str:
        """Why it is lost or died, in one line; else empty."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None if none came in that time or none will come: see :attr:`over`."""

    @property
    def over(self) -> bool:
        """No frame will come any more."""

    def __iter__(self) -> Iterator[Frame]:
        """Every frame that is not dropped, until the feed is over."""

    def age_s(self, frame: Frame) -> float | None:
        """How long ago a live frame reached this machine; None for files, which have no now."""

    def close(self) -> None:
        """Stop reading and let the device go. Closing twice is no mistake."""


class Status:
    """Messages of the thread that reads to the thread that consumes."""

    def __init__(self) -> None:
        self.state = SourceState.RUNNING
        self.reason = ""
        self.begun: float | None = None  # monotonic clock at a live feed's first frame
        self.stopping = threading.Event()  # set when the consumer closes
        self._beat = time.monotonic()

    def beat(self) -> None:
        """Say that the reader is alive; before every call that may block."""
        self._beat = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Time since the reader was last heard of."""
        return time.monotonic() - self._beat

    def lost(self, reason: str) -> None:
        """The source gives nothing and is being sought."""
        self.state, self.reason = SourceState.LOST, reason

    def found(self) -> None:
        """It is back."""
        self.state, self.reason = SourceState.RUNNING, ""

    def died(self, reason: str) -> None:
        """It will not come back."""
        self.state, self.reason = SourceState.DIED, reason

    def ended(self) -> None:
        """It is over, and as it should be unless it died before."""
        if self.state is not SourceState.DIED:
            self.state, self.reason = SourceState.ENDED, ""


class Producer(Protocol):
    """Gives a feed's frames one after another, blocking; it runs in the reader's thread."""

    name: str
    live: bool  # known for certain once the first frame is there
    fps: float | None

    def frames(self, status: Status) -> Frames:
        """Raises a PhysadvError if there is no first frame; afterwards says in ``status`` what went wrong."""
