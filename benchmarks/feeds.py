"""How old are the frames that a slow consumer works on? A camera at 30 frames a second, read in three ways.

    python benchmarks/feeds.py

The camera is our own MJPEG stream on this machine; every frame carries the time it was made, so its age is read off the
picture itself. Goal: with ``drop=latest`` the age stays under two periods of the consumer, however long it runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import closing

import cv2
import numpy as np
import numpy.typing as npt

from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.serve import Server

SECONDS, FPS, WORK_S = 6.0, 30.0, 0.1
BITS, CELL = 16, 40
U8 = npt.NDArray[np.uint8]


def drawn() -> U8:
    """The time in ms as a bar code."""
    frame = np.full((480, BITS * CELL, 3), 90, np.uint8)
    now = int(1000 * time.monotonic())
    for bit in range(BITS):
        frame[:60, bit * CELL : (bit + 1) * CELL] = 255 * (now >> bit & 1)
    return frame


def age_s(frame: U8) -> float:
    """How long ago it was drawn."""
    then = sum(1 << bit for bit in range(BITS) if frame[30, bit * CELL + CELL // 2].mean() > 127)
    return (int(1000 * time.monotonic()) - then) % 2**BITS / 1000


def plain(url: str) -> Generator[U8, None, None]:
    """The loop of most scripts: read, work, read."""
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    while True:
        there, frame = capture.read()
        if not there:
            return
        yield frame


def fed(url: str, drop: str) -> Generator[U8, None, None]:
    """Through our feed."""
    for frame in open_source(url, options=FrameOptions(drop=drop)):
        yield frame.bgr_u8


def ages(frames: Generator[U8, None, None]) -> list[float]:
    """Of all frames that a consumer with some work to do gets to see."""
    seen, until = [], time.monotonic() + SECONDS
    with closing(frames):
        for frame in frames:
            seen.append(age_s(frame))
            if time.monotonic() > until:
                break
            time.sleep(WORK_S)
    return seen


def main() -> None:
    """Print one row a way of reading."""
    stop = threading.Event()
    with Server() as server:
        channel = server.stream("live.mjpg")

        def film() -> None:
            while not stop.wait(1 / FPS):
                channel.publish(drawn())

        camera = threading.Thread(target=film, daemon=True)
        camera.start()
        url = server.url("live.mjpg")
        ways = {"plain read()": plain(url), "drop=none": fed(url, "none"), "drop=latest": fed(url, "latest")}
        print(f"{FPS:g} frames/s, {1000 * WORK_S:g} ms of work a frame, {SECONDS:g} s")
        for name, frames in ways.items():
            seen = ages(frames)
            median, last = 1000 * float(np.median(seen)), 1000 * float(np.mean(seen[-5:]))
            print(f"{name:14s} {len(seen):3d} frames   age: median {median:6.0f} ms, at the end {last:6.0f} ms")
        stop.set()
        camera.join()


if __name__ == "__main__":
    main()
