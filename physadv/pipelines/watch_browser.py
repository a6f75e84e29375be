"""The same as the window, in the browser: picture, growing curves, counters, buttons; and the picture as a camera."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.frames.serve import Server
from physadv.pipelines.watch_controls import Controls
from physadv.report.watch_live import live_page

U8 = npt.NDArray[np.uint8]
STREAM, CAMERA = "live.mjpg", "camera.mjpg"


class Browser:
    """A page on this machine alone; the token in its address keeps others out."""

    def __init__(self, controls: Controls, name: str, port: int) -> None:
        self._controls = controls
        self._lock = threading.Lock()
        self._state: Mapping[str, Any] = {}
        self._server = Server(port=port)
        self._channel = self._server.stream(STREAM)
        self._camera = self._server.stream(CAMERA)
        html = live_page(name, stream=STREAM, camera=self.camera_url)
        self._server.page("", lambda: html)
        self._server.json("state", lambda query: self._told())
        self._server.button("do", self._pressed)

    @property
    def url(self) -> str:
        """Of the page."""
        return self._server.url()

    @property
    def camera_url(self) -> str:
        """Of the picture without drawings, which programs can read as a camera."""
        return self._server.url(CAMERA)

    def show(self, picture: U8) -> None:
        """To everyone who has the page open."""
        self._channel.publish(picture)

    def send(self, picture: U8) -> None:
        """To everyone who reads the virtual camera."""
        self._camera.publish(picture)

    def tell(self, state: Mapping[str, Any]) -> None:
        """What counters and curves say from now on."""
        with self._lock:
            self._state = state

    def poll(self) -> None:
        """Nothing: buttons press by themselves."""

    def close(self) -> None:
        """Let everyone go."""
        self._server.close()

    def _told(self) -> Mapping[str, Any]:
        with self._lock:
            return {**self._state, "paused": self._controls.paused, "overlay": self._controls.overlay,
                    "recording": self._controls.recording}  # fmt: skip

    def _pressed(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        return {"done": self._controls.press(form.get("command", ""))}
