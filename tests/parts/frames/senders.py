"""Real senders on this machine's own network: ours, and ffmpeg."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from physadv.parts.frames.serve import Server
from tests.parts.frames.barcode import drawn, millis


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    """Whether somebody listens at the port, without asking them."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@contextmanager
def ffmpeg(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A sender that is gone afterwards, whatever happens."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("needs ffmpeg as a sender (package ffmpeg)")
    process = subprocess.Popen(
        [program, "-nostdin", "-loglevel", "error", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def playing(clip: Path) -> list[str]:
    """Words for ffmpeg: the clip over and over, at its own pace."""
    return ["-re", "-stream_loop", "-1", "-i", str(clip), "-an"]


H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"]


class Virtual:
    """Our own server as a camera at 30 frames a second, whose frames carry the time in ms. It stalls when told to."""

    def __init__(self, port: int = 0, size: tuple[int, int] = (320, 240)) -> None:
        self.size = size
        self.stalled = threading.Event()
        self.server = Server(port=port, token="t")
        self.url = self.server.url("live.mjpg")
        self._channel = self.server.stream("live.mjpg")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        while not self._stop.wait(1 / 30):
            if not self.stalled.is_set():
                self._channel.publish(drawn(millis(), *self.size))

    def close(self) -> None:
        """Gone: connections are cut."""
        self._stop.set()
        self._thread.join()
        self.server.close()


@contextmanager
def virtual_camera(port: int = 0, size: tuple[int, int] = (320, 240)) -> Iterator[Virtual]:
    """A camera for as long as it is needed."""
    camera = Virtual(port, size)
    try:
        yield camera
    finally:
        camera.close()


@contextmanager
def jpeg_parts(parts: list[bytes]) -> Iterator[str]:
    """A stream that sends these parts to whoever connects first, whatever they are, then nothing until it is over."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(20)

    def send() -> None:
        client, _ = listening.accept()
        with client:
            client.recv(4096)
            client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n--x\r\n")
            for part in parts:
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(part)}\r\n\r\n".encode()
                client.sendall(head + part + b"\r\n--x\r\n")
                time.sleep(0.05)
            over.wait(20)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x.mjpg"
    finally:
        over.set()
        thread.join()
        listening.close()


def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it came true in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
