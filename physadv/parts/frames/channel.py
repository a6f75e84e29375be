"""The newest frame, for everyone who watches it."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadShape

JPEG_QUALITY = 90


class Channel:
    """The newest frame. Publishing never waits for those who watch; who is slow misses frames."""

    def __init__(self, *, repeats: bool = False) -> None:
        """With ``repeats`` a stream sends the last frame again while there is no new one: browsers show a picture when
        the next one begins to come. For people; programs would take it for a new frame.
        """
        self.repeats = repeats
        self._changed = threading.Condition()
        self._bgr_u8: npt.NDArray[np.uint8] | None = None
        self._jpeg = b""  # made when somebody wants it
        self._number = 0
        self._closed = False

    def publish(self, bgr_u8: npt.NDArray[np.uint8]) -> None:
        """Show ``(H,W,3)`` BGR to everyone from now on. Raises :class:`BadShape` for another shape or type."""
        if bgr_u8.dtype != np.uint8 or bgr_u8.ndim != 3 or not bgr_u8.size:
            raise BadShape(f"a frame must be (H, W, 3) uint8, got {bgr_u8.shape} {bgr_u8.dtype}")
        with self._changed:
            self._bgr_u8, self._jpeg, self._number = bgr_u8.copy(), b"", self._number + 1
            self._changed.notify_all()

    def after(self, number: int, timeout_s: float) -> tuple[int, bytes] | None:
        """The newest frame as JPEG, once it is newer than ``number``; None if none came in that time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > number, timeout_s)
            if self._bgr_u8 is None or self._number <= number:
                return None
            if not self._jpeg:
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                self._jpeg = cv2.imencode(".jpg", self._bgr_u8, quality)[1].tobytes()
            return self._number, self._jpeg

    @property
    def closed(self) -> bool:
        """Nothing will be published any more."""
        return self._closed

    def close(self) -> None:
        """Let everyone go who watches."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
