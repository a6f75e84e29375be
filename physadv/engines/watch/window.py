"""A window on this screen, where OpenCV can open one."""

from __future__ import annotations

import os
import re
import sys
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOption
from physadv.engines.watch.controls import KEYS, Controls

U8 = npt.NDArray[np.uint8]
TITLE = "physadv watch"
NO_WINDOW = (
    "this OpenCV cannot open windows (opencv-python-headless). Watch in a browser with serve=true, "
    "or put opencv-python in its place"
)
NO_SCREEN = "there is no screen here. Watch in a browser with serve=true, or leave window= out"


class Screen(Protocol):
    """Where pictures are shown and commands come from."""

    def show(self, picture: U8) -> None: ...
    def poll(self) -> None:
        """Take in what was pressed since; called often, also while paused."""
        ...

    def close(self) -> None: ...


class Window:
    """OpenCV's own. Closing it quits."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._size_px = (0, 0)
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)

    def show(self, picture: U8) -> None:
        """Show ``picture`` ``(H,W,3)`` BGR until the next one.

        The window takes on the picture's size when that changes.
        """
        size_px = (picture.shape[1], picture.shape[0])
        if size_px != self._size_px:
            self._size_px = size_px
            cv2.resizeWindow(TITLE, *size_px)
        cv2.imshow(TITLE, picture)

    def poll(self) -> None:
        """Read the keyboard."""
        key = cv2.waitKey(1)
        if key != -1 and (command := KEYS.get(chr(key & 0xFF))):
            self._controls.press(command)
        if cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            self._controls.press("quit")

    def close(self) -> None:
        """Take it off the screen."""
        cv2.destroyAllWindows()


def window(wanted: str, controls: Controls) -> Window | None:
    """The window that ``window=`` asks for; with auto only where there can be one.

    Raises :class:`BadOption` where one is asked for and there can be none.
    """
    word = wanted.lower()
    if word not in ("auto", "true", "false"):
        raise BadOption(f"window must be true, false or auto, got {wanted!r}")
    if word == "false":
        return None
    reason = "" if can_open() else NO_WINDOW
    reason = reason or ("" if has_screen() else NO_SCREEN)
    if reason:
        if word == "true":
            raise BadOption(reason)
        return None
    return Window(controls)


def can_open() -> bool:
    """Whether this build of OpenCV has windows at all."""
    found = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.M)
    return found is not None and found[1].upper() != "NONE"


def has_screen() -> bool:
    """Whether somebody could see a window."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
