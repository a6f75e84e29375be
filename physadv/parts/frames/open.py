"""From what the user typed to a feed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from physadv.core.errors import BadInput, BadOption
from physadv.core.masking import masked, password_end
from physadv.parts.frames.feed import Feed
from physadv.parts.frames.live import CameraFeed, Stream
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.recorded import IMAGES, ImageSequence, VideoFile, images_in
from physadv.parts.frames.source import FrameSource, Producer

SCHEMES = ("http", "https", "rtsp", "rtsps", "udp", "tcp", "rtmp")
FORMS = (
    "a camera's number (0), a video file, a folder of images, an image, a URL (http, rtsp, udp), or demo (a drawn film)"
)
_ESCAPES = "; in a user name or password write @ as %40, # as %23, / as %2F, : as %3A, ? as %3F, % as %25"
_UDP = {"overrun_nonfatal": "1", "fifo_size": "50000"}  # packets of 188 bytes: what is late is lost, not an error


def open_source(text: str, *, options: FrameOptions) -> FrameSource:
    """Open a feed and wait for its first frame.

    Raises ``NoCamera``, ``DeadFeed``, ``BadInput`` or ``BadOption`` with what is there and what to do.
    """
    options.check()
    return Feed(_producer(text.strip(), options), options)


def _producer(text: str, options: FrameOptions) -> Producer:
    if not text:
        raise BadOption(f"the source is empty. Give {FORMS}.")
    if text == "demo":  # a folder of that name is ./demo
        from physadv.parts.frames.demo import DrawnFilm

        _only_for_cameras(replace(options, fps=None), folder=False)
        return DrawnFilm(options)
    if text.isdecimal():
        return CameraFeed(int(text), options)
    if re.fullmatch(r"/dev/video\d+", text):
        return CameraFeed(text, options)
    if "://" in text:
        return _stream(text, options)
    path = Path(text).expanduser()
    _only_for_cameras(options, folder=path.is_dir())
    return _recorded(path, options)


def _recorded(path: Path, options: FrameOptions) -> Producer:
    if path.is_dir():
        return ImageSequence(path.name or str(path), images_in(path), options)
    if not path.exists():
        raise BadInput(f"no file or folder {str(path)!r}. Give {FORMS}.")
    if not path.is_file():  # a pipe would be waited for without end
        raise BadInput(
            f"{str(path)!r} is a pipe or a device, no file. Save it as a file first, or send it to a udp://."
        )
    if path.suffix.lower() in IMAGES:
        return ImageSequence(path.name, [path], options)
    return VideoFile(path, options)


def _stream(text: str, options: FrameOptions) -> Producer:
    scheme = text.split("://", 1)[0].lower()
    if scheme not in SCHEMES:
        raise BadOption(f"unknown kind of URL {scheme!r}. Known are {', '.join(SCHEMES)}; a file is named by its path.")
    _only_for_cameras(options, folder=False)
    shown = masked(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:  # its own words could hold half of a password
        raise BadOption(f"{shown!r} is no URL. Write it as {scheme}://HOST:PORT/PATH{_ESCAPES}.") from error
    if (not host and scheme != "udp") or (port is None and scheme in ("udp", "tcp")):
        raise BadOption(f"{shown!r} names no host or port. Write it as {scheme}://HOST:PORT/PATH{_ESCAPES}.")
    ends = password_end(text)
    alone = bool(host) and port is None and not {".", ":"} & set(host or "") and host != "localhost"
    if alone and ends is not None and ends > text.find("://") + 3 + parts.netloc.rfind("@"):
        raise BadOption(f"the password of {shown!r} would be cut at a sign that ends it{_ESCAPES}.")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    listen = scheme == "rtsp" and "listen" in query
    if listen:
        del query["listen"]
    if scheme == "udp":
        query = _UDP | query
    changed = listen or scheme == "udp"  # others stay as typed: a signed query must not be written anew
    url = urlunsplit(parts._replace(query=urlencode(query))) if changed else text
    return Stream(url, shown, options, listen=listen)


def _only_for_cameras(options: FrameOptions, *, folder: bool) -> None:
    if options.width is not None:
        raise BadOption("frames.width and frames.height are asked of cameras; files and streams come as they are.")
    if options.fps is not None and not folder:
        raise BadOption(
            "frames.fps is asked of cameras or sets the pace of a folder; files and streams have their own."
        )
