"""Hands frames from the thread that reads to the one that consumes."""

from __future__ import annotations

import threading
import time
from collections import deque

from physadv.core.types import Frame


class Slot:
    """A queue that is short on purpose.

    With ``latest`` it holds one frame and the newest wins, so a slow consumer sees the present: its lag is at most one
    of its own periods. Without, the reader waits for room, and every frame is delivered.
    """

    def __init__(self, *, latest: bool, ahead: int = 3) -> None:
        self._latest = latest
        self._room = 1 if latest else ahead
        self._frames: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """Leave a frame. False once the slot is closed."""
        with self._changed:
            if self._latest:
                self._frames.clear()
            while len(self._frames) >= self._room and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._frames.append(frame)
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float) -> Frame | None:
        """Take the next frame, waiting for it that long at most."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while not self._frames and not self._closed and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._changed.notify_all()
            return frame

    @property
    def empty(self) -> bool:
        """Nothing is waiting."""
        with self._changed:
            return not self._frames

    def close(self) -> None:
        """No more frames come in; those waiting can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget what is waiting."""
        with self._changed:
            self._frames.clear()
            self._changed.notify_all()
