from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import cv2
import pytest

from physadv.errors import BadInput, BadOption
from physadv.frames.serve import Json, Server
from tests.frames.barcode import drawn, number_in
from tests.frames.senders import virtual_camera


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
