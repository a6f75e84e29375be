from __future__ import annotations

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from physadv.core.errors import BadInput, BadOption, DeadFeed, NoCamera, PhysadvError
from physadv.parts.frames.live import _sought
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.packets import Packets
from physadv.parts.frames.source import SourceState, Status
from tests.parts.frames.barcode import clip
from tests.parts.frames.senders import free_port


def refusal(text: str, options: FrameOptions | None = None) -> PhysadvError:
    with pytest.raises(PhysadvError) as caught:
        open_source(text, options=options or FrameOptions())
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_camera_that_is_not_there_says_what_is() -> None:
    error = refusal("77")
    assert isinstance(error, NoCamera)
    assert "camera 77 does not open; " in str(error)


@pytest.mark.parametrize("scheme", ["http", "rtsp", "tcp"])
def test_a_refused_url_is_told_at_once(scheme: str) -> None:
    begun = time.monotonic()
    error = refusal(f"{scheme}://127.0.0.1:{free_port()}/x")
    assert isinstance(error, DeadFeed)
    assert "Is the sender running" in str(error)
    assert time.monotonic() - begun < 8


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["udp", "rtsp"])
def test_who_waits_for_a_sender_in_vain_is_told_in_time(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{free_port()}" + ("/x?listen" if scheme == "rtsp" else "")
    begun = time.monotonic()
    error = refusal(url, FrameOptions(open_timeout_s=1))
    assert isinstance(error, DeadFeed)
    assert time.monotonic() - begun < 8


def test_a_password_is_not_shown() -> None:
    error = refusal(f"http://me:secret@127.0.0.1:{free_port()}/x")
    assert "secret" not in str(error)
    assert "me:***@" in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the source is empty"),
        ("   ", "the source is empty"),
        ("gopher://x/y", "unknown kind of URL 'gopher'"),
        ("udp://127.0.0.1", "names no host or port"),
        ("http://", "names no host or port"),
        ("http://a:99999/x", "is no URL"),
        ("rtsp://[::1/x", "is no URL"),
    ],
)
def test_what_is_no_source_is_an_option_error(text: str, words: str) -> None:
    error = refusal(text)
    assert isinstance(error, BadOption)
    assert words in str(error)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    error = refusal(str(tmp_path / "clip.avi"))
    assert isinstance(error, BadInput)
    assert "no file or folder" in str(error)


@pytest.mark.parametrize(
    "options",
    [
        FrameOptions(drop="never"), FrameOptions(backend="magic"), FrameOptions(width=640), FrameOptions(fps=0),
        FrameOptions(width=-1, height=4), FrameOptions(open_timeout_s=0), FrameOptions(read_timeout_s=1e9),
        FrameOptions(reconnect_s=-1), FrameOptions(start_s=-1), FrameOptions(start_s=2, stop_s=1),
        FrameOptions(start_s=float("nan")),
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(options: FrameOptions) -> None:
    assert isinstance(refusal("0", options), BadOption)


def test_a_size_is_not_asked_of_a_file(tmp_path: Path) -> None:
    film = clip(tmp_path / "a.avi", 2)
    assert "are asked of cameras" in str(refusal(str(film), FrameOptions(width=64, height=48)))
    assert "asked of cameras" in str(refusal(str(film), FrameOptions(fps=5)))


def test_a_backend_that_this_opencv_lacks_is_refused() -> None:
    import cv2

    if cv2.videoio_registry.hasBackend(cv2.CAP_DSHOW):
        pytest.skip("this OpenCV has every backend")
    assert "has no backend 'dshow'" in str(refusal("0", FrameOptions(backend="dshow")))


@pytest.mark.parametrize("name", ["pipe.mp4", "pipe.png"])
def test_a_pipe_is_refused_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    begun = time.monotonic()
    assert "is a pipe or a device" in str(refusal(str(tmp_path / name)))
    assert time.monotonic() - begun < 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"), [(401, "asks for a user name"), (404, "answers 404"), (503, "fails at the server")]
)
def test_what_the_server_answers_is_told(code: int, words: str) -> None:
    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(code)

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output stays readable."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = refusal(f"http://127.0.0.1:{server.server_port}/live.mjpg")
        server.shutdown()
    assert words in str(error)


def test_a_stream_that_ends_while_nobody_wants_more_has_not_died() -> None:
    status = Status()
    status.stopping.set()
    capture, picture = _sought("camera", Packets("", "camera"), lambda: Packets("", "camera"), status, FrameOptions())
    assert picture is None
    assert not capture.opened
    assert status.state is not SourceState.DIED
