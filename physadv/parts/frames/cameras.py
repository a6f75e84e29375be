"""Which cameras are there, and what this build of OpenCV can do."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from physadv.core.errors import NoCamera


@dataclass(frozen=True, slots=True)
class CameraFound:
    """A camera the system knows."""

    index: int
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class CamerasHere:
    """All of them; None where the system does not tell."""

    found: tuple[CameraFound, ...] | None

    @property
    def words(self) -> str:
        """For a message."""
        if self.found is None:
            return "this system does not tell which cameras there are: try 0, 1 or 2"
        if not self.found:
            return "there is no camera: no /dev/video* here"
        return "there are " + ", ".join(f"{c.index} ({c.path}, {c.name})" for c in self.found)

    def refuse(self, target: int | str) -> NoCamera:
        """The error for a camera that does not open."""
        if self.found and any(target in (c.index, c.path) for c in self.found):
            return NoCamera(
                f"camera {target} is there but does not open. Close what else uses it, "
                "or join the group video: sudo usermod -aG video $USER, then log in again."
            )
        advice = " In a container, pass it on: docker run --device /dev/video0." if self.found == () else ""
        return NoCamera(
            f"camera {target} does not open; {self.words}. Plug one in, or name a file or URL, "
            f"or watch a drawn film: source=demo.{advice}"
        )

    def refuse_dark(self, target: int | str) -> NoCamera:
        """The error for a camera that opens but gives no picture."""
        return NoCamera(
            f"camera {target} opens but gives no picture; {self.words}. "
            "Try another number, a smaller frames.width and frames.height, or another USB port."
        )


def cameras_here(devices: Path = Path("/dev"), system: Path = Path("/sys/class/video4linux")) -> CamerasHere:
    """Linux lists its cameras; nodes that carry only a camera's metadata are left out."""
    if not sys.platform.startswith("linux"):
        return CamerasHere(None)
    found = []
    for path in devices.glob("video[0-9]*"):
        about = system / path.name
        if _line(about / "index") not in ("", "0"):
            continue
        found.append(CameraFound(int(path.name[5:]), str(path), _line(about / "name") or "no name"))
    return CamerasHere(tuple(sorted(found, key=lambda c: c.index)))


def build_of_opencv() -> dict[str, str]:
    """The parts of OpenCV's build that matter for feeds: video files and streams, cameras, windows."""
    text = cv2.getBuildInformation()
    return {name: _setting(text, name) for name in ("FFMPEG", "v4l/v4l2", "GStreamer", "GUI")}


def _setting(text: str, name: str) -> str:
    """A line of OpenCV's build information; a heading's first line below where it has no value of its own."""
    match = re.search(rf"^\s*{re.escape(name)}:[ \t]*(.*)$", text, re.MULTILINE)
    if match is None:
        return "NO"
    below = text[match.end() :].lstrip("\n").split("\n", 1)[0].strip()
    return match.group(1).strip() or below or "NO"


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
