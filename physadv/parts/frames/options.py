"""Options of feeds. Importing this never imports torch or OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption

DROP = ("auto", "latest", "none")
BACKENDS = ("auto", "v4l2", "gstreamer", "dshow", "msmf", "avfoundation")


@dataclass
class FrameOptions:
    """How a feed is read."""

    width: int | None = None  # asked of a camera, with height; null: what it gives
    height: int | None = None  # asked of a camera, with width; null: what it gives
    fps: float | None = None  # asked of a camera; the pace of a folder of images (null: 30); a file has its own
    drop: str = "auto"  # latest: the newest frame only; none: every frame; auto: latest for cameras and streams
    reconnect_s: float = 10.0  # for so long a camera or stream that was lost is sought; 0: it dies at once
    open_timeout_s: float = 10.0  # a stream that does not open in this time is not there
    read_timeout_s: float = 5.0  # a stream that sends nothing for so long is lost
    loop: bool = False  # a file or folder begins anew at its end
    start_s: float = 0.0  # the first frames that are passed over, by the feed's own clock
    stop_s: float | None = None  # the feed ends there; null: at its end
    backend: str = "auto"  # OpenCV's for cameras: v4l2, gstreamer, dshow, msmf, avfoundation

    def check(self) -> None:
        """Refuse what cannot work, before anything is opened."""
        for name, words in (("drop", DROP), ("backend", BACKENDS)):
            if getattr(self, name) not in words:
                raise BadOption(f"frames.{name} is one of {', '.join(words)}, got {getattr(self, name)!r}.")
        for name in ("width", "height", "fps"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 100_000:
                raise BadOption(f"frames.{name} must be positive or null, got {value}.")
        if (self.width is None) != (self.height is None):
            raise BadOption("frames.width and frames.height go together. Give both, or neither.")
        for name in ("open_timeout_s", "read_timeout_s"):
            if not 0.1 <= getattr(self, name) <= 600:
                raise BadOption(f"frames.{name} must lie between 0.1 and 600 seconds, got {getattr(self, name)}.")
        if not 0 <= self.reconnect_s <= 86_400:
            raise BadOption(f"frames.reconnect_s must lie between 0 and a day (86400), got {self.reconnect_s}.")
        if not 0 <= self.start_s < float("inf") or (self.stop_s is not None and not self.stop_s > self.start_s):
            raise BadOption(f"frames need 0 <= start_s < stop_s, got {self.start_s} and {self.stop_s}.")
