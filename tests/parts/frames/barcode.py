"""Frames that carry their own number as a bar code, so that order, losses and age can be read off what arrives."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

BITS = 16
U8 = npt.NDArray[np.uint8]


def drawn(number: int, width: int = 320, height: int = 240) -> U8:
    """A frame with ``number`` (modulo 2**16) in its top quarter, and something that moves below."""
    frame = np.full((height, width, 3), 90, np.uint8)
    step = width // BITS
    for bit in range(BITS):
        frame[: height // 4, bit * step : (bit + 1) * step] = 255 * (number >> bit & 1)
    x = width // 2 + round(width / 4 * np.sin(number / 20))
    cv2.circle(frame, (x, height * 2 // 3), height // 6, (40, 40, 220), -1)
    return frame


def number_in(frame: U8) -> int:
    """The number that :func:`drawn` put there."""
    step = frame.shape[1] // BITS
    row = frame[frame.shape[0] // 8]
    return sum(1 << bit for bit in range(BITS) if row[bit * step + step // 2].mean() > 127)


def millis(now: float | None = None) -> int:
    """The clock as a number for a bar code."""
    return int(1000 * (time.monotonic() if now is None else now)) % 2**BITS


def clip(path: Path, frames: int, fps: float = 30.0, size: tuple[int, int] = (320, 240), codec: str = "MJPG") -> Path:
    """A video file of numbered frames."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size)
    assert writer.isOpened()
    for number in range(frames):
        writer.write(drawn(number, *size))
    writer.release()
    return path
