"""The drawn film: people in a street, as a camera that everybody has. It runs for ever, at a camera's pace."""

from __future__ import annotations

import time

import cv2
import numpy as np

from physadv.core.types import Frame
from physadv.library.people.crowd import lay_people_
from physadv.library.people.film import LOOP_S, Cast
from physadv.library.people.mesh import F32, U8
from physadv.library.people.raster import Sun
from physadv.library.roads.photograph import exposed, photographed
from physadv.library.roads.pinhole import RoadCamera
from physadv.library.roads.street import paint_street
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.source import Frames, Status

NAME = "demo"
SIZE_PX, FPS = (640, 480), 25.0
_QUALITY = 92  # JPEG, as webcams send; a loop takes some 30 MB of memory
_SUN = Sun((-0.35, -0.75, -0.56), (0.86, 0.84, 0.80), 0.62)


class DrawnCamera:
    """Draws each frame of the loop once, and keeps it as a JPEG."""

    def __init__(self) -> None:
        self._camera = RoadCamera.looking_ahead(SIZE_PX, 60.0, height_m=1.45, pitch_deg=-4.5, roll_deg=0.0)
        self._cast = Cast.dressed()
        brush, _ = paint_street(self._camera, np.random.default_rng(21), (0.0, 7.5))
        self._empty: F32 = exposed(brush, np.array(_SUN.gain))
        self._kept: dict[int, U8] = {}

    def frame(self, index: int) -> U8:
        """``(480, 640, 3)`` BGR; the same number, the same frame."""
        number = index % int(LOOP_S * FPS)
        if number not in self._kept:
            linear = self._empty.copy()
            people = self._cast.at(number / FPS, self._camera.height_m)
            lay_people_(linear, people, [], self._camera.pixels_from_world, _SUN)
            rgb = photographed(linear, np.random.default_rng(number), 0.5, 0.006)
            code = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
            self._kept[number] = np.asarray(code, np.uint8)
        return np.asarray(cv2.imdecode(self._kept[number], cv2.IMREAD_COLOR), np.uint8)


class DrawnFilm:
    """A producer of frames that behaves as a camera: what is not taken in time is gone."""

    live = True

    def __init__(self, options: FrameOptions) -> None:
        self.name = NAME
        self.fps: float | None = options.fps or FPS
        self._options = options

    def frames(self, status: Status) -> Frames:
        """From now on until it is closed, or for as long as the options say."""
        camera, pace = DrawnCamera(), self.fps or FPS
        begun, index = time.monotonic(), -1
        status.begun = begun
        while not status.stopping.is_set():
            due = max(index + 1, int((time.monotonic() - begun) * pace))
            if self._options.drop == "none":  # every frame, however long each takes
                due = index + 1
            if self._options.stop_s is not None and due / pace >= self._options.stop_s:
                return
            while (left := begun + due / pace - time.monotonic()) > 0 and not status.stopping.is_set():
                status.beat()
                status.stopping.wait(min(left, 0.5))
            index = due
            status.beat()
            picture = camera.frame(round(index * FPS / pace))
            if index / pace >= self._options.start_s:
                yield Frame(index, index / pace, picture)
