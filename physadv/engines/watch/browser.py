"""The same as the window, in the browser: picture, growing curves, counters, buttons; and the picture as a camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.engines.watch.controls import Controls
from physadv.engines.watch.invitation import network_address
from physadv.library.report.pages.live import live_page
from physadv.parts.frames.serve import Server

U8 = npt.NDArray[np.uint8]
STREAM, CAMERA = "live.mjpg", "camera.mjpg"
USUAL_PX = 760  # that a page shows the picture wide, until it says
SIZES_PX = (160, 3840)
LOOKING_S = 3.0  # for so long a page counts that has asked


class Browser:
    """A page on this machine alone, or on its network; the token in its address keeps others out."""

    def __init__(self, controls: Controls, name: str, port: int, *, network: bool = False) -> None:
        self._controls = controls
        self._lock = threading.Lock()
        self._state: Mapping[str, Any] = {}
        self._widths: dict[int, float] = {}  # at which pages show the picture, and when they said so
        self._server = Server(host=network_address() if network else "127.0.0.1", port=port)
        self._channel = self._server.stream(STREAM, repeats=True)
        self._camera = self._server.stream(CAMERA)
        html = live_page(name, stream=STREAM, camera=self.camera_url)
        self._server.page("", lambda: html)
        self._server.json("state", self._told)
        self._server.button("do", self._pressed)

    @property
    def url(self) -> str:
        """Of the page."""
        return self._server.url()

    @property
    def camera_url(self) -> str:
        """Of the picture without drawings, which programs can read as a camera."""
        return self._server.url(CAMERA)

    @property
    def shown_px(self) -> int:
        """How wide the picture is shown; to the one with the smallest screen, where several look."""
        now = time.monotonic()
        with self._lock:
            self._widths = {width: at for width, at in self._widths.items() if now - at < LOOKING_S}
            return min(self._widths, default=USUAL_PX)

    def show(self, picture: U8) -> None:
        """Show ``picture`` ``(H,W,3)`` BGR to everyone who has the page open."""
        self._channel.publish(picture)

    def send(self, picture: U8) -> None:
        """Send ``picture`` ``(H,W,3)`` BGR to everyone who reads the virtual camera."""
        self._camera.publish(picture)

    def tell(self, state: Mapping[str, Any]) -> None:
        """Give counters and curves what they show from now on."""
        with self._lock:
            self._state = state

    def poll(self) -> None:
        """Nothing: buttons press by themselves."""

    def close(self) -> None:
        """Let everyone go."""
        self._server.close()

    def _told(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        width = query.get("width", "")
        with self._lock:
            if width.isascii() and width.isdecimal() and len(width) < 6:
                self._widths[min(max(int(width), SIZES_PX[0]), SIZES_PX[1])] = time.monotonic()
            return {**self._state, "paused": self._controls.paused, "overlay": self._controls.overlay,
                    "recording": self._controls.recording}  # fmt: skip

    def _pressed(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        return {"done": self._controls.press(form.get("command", ""))}
