from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
import urllib.error
import urllib.request

import cv2
import pytest

from physadv.core.errors import BadInput, BadOption
from physadv.parts.frames import listener
from physadv.parts.frames.serve import Json, Server
from tests.parts.frames.barcode import drawn, number_in
from tests.parts.frames.senders import virtual_camera


def got(url: str, data: bytes | None = None) -> tuple[int, str, bytes]:
    """Status, type and body."""
    try:
        with urllib.request.urlopen(url, data, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def test_pages_json_and_buttons_are_answered() -> None:
    pressed = []

    def press(form: dict[str, str]) -> Json:
        pressed.append(form)
        return {"pressed": form["key"]}

    with Server() as server:
        server.page("", lambda: "<h1>Grüße</h1>")
        server.json("state.json", lambda query: {"asked": query.get("n")})
        server.button("press", press)
        assert got(server.url()) == (200, "text/html; charset=utf-8", "<h1>Grüße</h1>".encode())
        assert json.loads(got(server.url("state.json?n=3"))[2]) == {"asked": "3"}
        assert json.loads(got(server.url("press"), b"key=s")[2]) == {"pressed": "s"}
    assert pressed == [{"key": "s"}]


def test_without_the_token_there_is_nothing() -> None:
    with Server() as server:
        server.page("", lambda: "secret")
        base = f"http://127.0.0.1:{server.port}"
        for path in ("/", "/wrong/", "", "/" + server.token[:-1] + "/", "//", "/../" + server.token):
            assert got(base + path)[0] == 404


def test_a_mistake_of_the_user_comes_back_as_one_line() -> None:
    def refuse(form: dict[str, str]) -> Json:
        raise BadInput("nothing to save yet. Wait for a frame.")

    with Server() as server:
        server.button("save", refuse)
        status, _, body = got(server.url("save"), b"")
    assert status == 400
    assert json.loads(body)["error"].startswith("nothing to save")


def test_buttons_are_not_pressed_by_looking_and_long_forms_are_refused() -> None:
    with Server() as server:
        server.button("press", lambda form: {})
        assert got(server.url("press"))[0] == 404
        assert got(server.url("press"), b"x" * 70_000)[0] == 413


def test_it_listens_on_this_machine_alone() -> None:
    with Server() as server:
        assert server.url().startswith("http://127.0.0.1:")


def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadOption, match="Choose another port"):
            Server(port=taken.getsockname()[1])
    with pytest.raises(BadOption, match="Choose another port"):
        Server(port=70_000)


def test_opencv_reads_the_stream_as_a_camera() -> None:
    with Server() as server:
        channel = server.stream("live.mjpg")
        stop = threading.Event()

        def publish() -> None:
            number = 0
            while not stop.wait(0.02):
                channel.publish(drawn(number))
                number += 1

        publisher = threading.Thread(target=publish)
        publisher.start()
        try:
            capture = cv2.VideoCapture(server.url("live.mjpg"), cv2.CAP_FFMPEG)
            numbers = [number_in(capture.read()[1]) for _ in range(10)]
            capture.release()
        finally:
            stop.set()
            publisher.join()
    assert numbers == sorted(set(numbers))


def test_each_part_is_followed_by_its_boundary_at_once() -> None:
    """Browsers show a picture only when they have seen the boundary behind it."""
    with Server(token="t") as server, socket.create_connection(("127.0.0.1", server.port), 10) as client:
        server.stream("live.mjpg").publish(drawn(1))
        client.sendall(b"GET /t/live.mjpg HTTP/1.0\r\n\r\n")
        received = b""
        while not received.endswith(b"\r\n--frame\r\n") or b"Content-Length" not in received:
            received += client.recv(65536)
    assert b"multipart/x-mixed-replace; boundary=frame" in received
    assert received.count(b"--frame") == 2


@pytest.mark.slow
def test_a_stream_for_people_sends_the_last_frame_again_and_a_camera_does_not() -> None:
    """A browser shows a picture when the next one begins, and a slow detector may need a minute for that."""
    with Server(token="t") as server:
        counts = []
        for name, repeats in (("people", True), ("camera", False)):
            server.stream(name, repeats=repeats).publish(drawn(1))
            with socket.create_connection(("127.0.0.1", server.port), 10) as client:
                client.sendall(f"GET /t/{name} HTTP/1.0\r\n\r\n".encode())
                client.settimeout(1.4)
                received = b""
                with contextlib.suppress(TimeoutError):
                    while received.count(b"image/jpeg") < 2:
                        received += client.recv(65536)
            counts.append(received.count(b"image/jpeg"))
    assert counts == [2, 1]


@pytest.mark.slow
def test_a_client_that_does_not_read_holds_up_nobody() -> None:
    with virtual_camera(size=(1280, 720)) as camera, socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", camera.server.port))
        lazy.sendall(b"GET /t/live.mjpg HTTP/1.0\r\n\r\n")
        time.sleep(0.5)  # its buffers fill
        captures = [cv2.VideoCapture(camera.url, cv2.CAP_FFMPEG) for _ in range(2)]
        assert all(capture.read()[0] for capture in captures for _ in range(5))
        for capture in captures:
            capture.release()
        begun = time.monotonic()
    assert time.monotonic() - begun < 5  # closing does not wait for it either


def test_closing_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with virtual_camera() as camera:
        capture = cv2.VideoCapture(camera.url, cv2.CAP_FFMPEG)
        assert capture.read()[0]
    capture.release()
    assert threading.active_count() <= before


def test_a_token_must_fit_into_a_url() -> None:
    with pytest.raises(BadOption, match="letters, digits"):
        Server(token="a/b")


def asked(server: Server, request: bytes) -> bytes:
    """The raw answer to raw bytes; empty when the server hangs up without one."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as client:
        answer = b""
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(65536):
                answer += part
        except ConnectionError:
            pass
        return answer


MALFORMED = {
    "no IPv6 address": (b"GET http://[/x HTTP/1.1\r\n\r\n", b"404"),
    "half an IPv6 address": (b"GET //[::1/x HTTP/1.1\r\n\r\n", b"404"),
    "letters beyond ASCII": (b"GET /\xe9\xff/ HTTP/1.1\r\n\r\n", b"404"),
    "a zero byte": (b"GET /\0/ HTTP/1.1\r\n\r\n", b"404"),
    "a long address": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
    "a long header": (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 300 + b"\r\n", b"431"),
    "a secure hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", b"400"),
    "an unknown version": (b"GET / HTTP/9.9\r\n\r\n", b"505"),
    "a length of 5000 digits": (b"POST /t/press HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
    "a length in other digits": (b"POST /t/press HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", b"413"),
    "a negative length": (b"POST /t/press HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"413"),
    "half a form": (b"POST /t/press HTTP/1.1\r\nContent-Length: 50\r\n\r\nkey=s", b""),
    "a host that is no name": (b"GET /t/ HTTP/1.1\r\nHost: [\r\n\r\n", b"403"),
}


@pytest.mark.parametrize("case", list(MALFORMED))
def test_a_malformed_request_is_refused_without_a_word(case: str, caplog: pytest.LogCaptureFixture) -> None:
    request, status = MALFORMED[case]
    pressed = []
    with caplog.at_level(logging.INFO), Server(token="t") as server:
        server.page("", lambda: "hello")
        server.button("press", lambda form: pressed.append(form) or {})
        answer = asked(server, request)
        assert status in answer if status else answer == b""
        assert got(server.url())[0] == 200
    assert pressed == []
    assert caplog.records == []


def test_a_fault_of_our_own_is_one_line_without_what_the_client_sent(caplog: pytest.LogCaptureFixture) -> None:
    def broken(query: object) -> Json:
        raise RuntimeError(f"no {query}")

    with Server() as server:
        server.json("state", broken)
        assert asked(server, f"GET /{server.token}/state?secret=1 HTTP/1.1\r\n\r\n".encode()) == b""
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "RuntimeError" in said[0].getMessage()
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


def test_the_token_stands_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), Server() as server:
        server.page("", lambda: "hello")
        assert got(server.url())[0] == 200
        assert got(server.url("nothing"))[0] == 404
        asked(server, f"GET /{server.token}/ HTTP/9.9\r\n\r\n".encode())
        assert server.token not in caplog.text
        assert "GET" in caplog.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Host: 127.0.0.1:1\r\n", 200), ("Host: localhost\r\n", 200), ("Host: [::1]:80\r\n", 200), ("", 200),
        ("Host: evil.example\r\n", 403), ("Host: 127.0.0.1.evil.example\r\n", 403),
        ("Host: localhost\r\nOrigin: http://evil.example\r\n", 403), ("Host: localhost\r\nOrigin: null\r\n", 403),
        ("Host: localhost\r\nOrigin: http://localhost\r\n", 200),
        ("Host: localhost\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n", 200),
        ("Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", 403),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_sites_neither_look_nor_press(method: str, headers: str, status: int) -> None:
    pressed = []
    with Server(token="t") as server:
        server.json("state", lambda query: {})
        server.button("press", lambda form: pressed.append(form) or {})
        path = "state" if method == "GET" else "press"
        answer = asked(server, f"{method} /t/{path} HTTP/1.1\r\n{headers}Content-Length: 0\r\n\r\n".encode())
    assert int(answer.split(b" ")[1]) == status
    assert len(pressed) == (method == "POST" and status == 200)


def test_a_link_of_another_site_leads_to_the_page_but_presses_nothing() -> None:
    from_elsewhere = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nContent-Length: 0\r\n\r\n"
    with Server(token="t") as server:
        server.page("", lambda: "hello")
        server.button("press", lambda form: {})
        assert asked(server, f"GET /t/ HTTP/1.1\r\n{from_elsewhere}".encode()).startswith(b"HTTP/1.0 200")
        assert asked(server, f"POST /t/press HTTP/1.1\r\n{from_elsewhere}".encode()).startswith(b"HTTP/1.0 403")


def test_without_the_last_slash_the_browser_is_sent_to_the_page() -> None:
    with Server(token="t") as server:
        server.page("", lambda: "hello")
        answer = asked(server, b"GET /t HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.0 301")
        assert b"Location: /t/\r\n" in answer
        assert got(f"http://127.0.0.1:{server.port}/t")[2] == b"hello"


def test_clients_that_drip_lock_out_nobody() -> None:
    with Server() as server:
        server.page("", lambda: "hello")
        slow = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(listener.PEER_ASKING + 24)]
        for client in slow:
            client.sendall(b"G")
        begun = time.monotonic()
        assert [got(server.url())[0] for _ in range(5)] == [200] * 5
        assert time.monotonic() - begun < 3
        assert slow[0].recv(1) == b""  # the oldest had to go
        for client in slow:
            client.close()


def gone(client: socket.socket) -> bool:
    """Whether the server hung up; waits for it as long as the socket's time limit."""
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.slow
def test_a_request_must_be_whole_in_time_however_it_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "REQUEST_S", 0.4)
    with Server(token="t") as server:
        server.button("press", lambda form: {})
        for start in (b"G", b"POST /t/press HTTP/1.1\r\nContent-Length: 50000\r\n\r\n"):
            begun = time.monotonic()
            with socket.create_connection(("127.0.0.1", server.port), 5) as client:
                client.sendall(start)
                client.settimeout(0.05)
                while time.monotonic() - begun < 5 and not gone(client):
                    client.sendall(b"x")
            assert 0.3 < time.monotonic() - begun < 2


def test_more_streams_than_there_is_room_for_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MAX_STREAMS", 1)
    with Server(token="t") as server, socket.create_connection(("127.0.0.1", server.port), 5) as first:
        server.stream("live.mjpg").publish(drawn(1))
        server.json("state", lambda query: {"well": True})
        first.sendall(b"GET /t/live.mjpg HTTP/1.0\r\n\r\n")
        assert first.recv(12).startswith(b"HTTP/1.0 200")
        assert asked(server, b"GET /t/live.mjpg HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 503")
        assert got(server.url("state"))[0] == 200
