"""A small HTTP server: pages, JSON, buttons, and the newest frame as a stream that any program reads as a camera.

It listens on this machine alone unless told otherwise, and answers only paths that begin with a secret token: other
users of the machine and web pages in the user's browser cannot guess it.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import cv2
import numpy as np
import numpy.typing as npt

from physadv.errors import BadOption, BadShape, PhysadvError

logger = logging.getLogger(__name__)

Json: TypeAlias = Mapping[str, Any]

BOUNDARY = "frame"
JPEG_QUALITY = 90
LONGEST_POST = 65_536
SEND_TIMEOUT_S = 10.0  # a client that takes nothing for so long is let go
SEND_BUFFER = 1 << 17  # bytes: more would queue old frames before a slow client
MOST_CLIENTS = 32


class Channel:
    """The newest frame. Publishing never waits for those who watch; who is slow misses frames."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bgr_u8: npt.NDArray[np.uint8] | None = None
        self._jpeg = b""  # made when somebody wants it
        self._number = 0
        self._closed = False

    def publish(self, bgr_u8: npt.NDArray[np.uint8]) -> None:
        """Show ``(H,W,3)`` BGR to everyone from now on."""
        if bgr_u8.dtype != np.uint8 or bgr_u8.ndim != 3 or not bgr_u8.size:
            raise BadShape(f"a frame must be (H, W, 3) uint8, got {bgr_u8.shape} {bgr_u8.dtype}")
        with self._changed:
            self._bgr_u8, self._jpeg, self._number = bgr_u8.copy(), b"", self._number + 1
            self._changed.notify_all()

    def after(self, number: int, timeout_s: float) -> tuple[int, bytes] | None:
        """The newest frame as JPEG, once it is newer than ``number``; None if none came in that time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > number, timeout_s)
            if self._bgr_u8 is None or self._number <= number:
                return None
            if not self._jpeg:
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                self._jpeg = cv2.imencode(".jpg", self._bgr_u8, quality)[1].tobytes()
            return self._number, self._jpeg

    @property
    def closed(self) -> bool:
        """Nothing will be published any more."""
        return self._closed

    def close(self) -> None:
        """Let everyone go who watches."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Server:
    """Serves what is mounted on it, in threads, until it is closed.

    ``host="127.0.0.1"`` is this machine alone, port 0 any that is free; ``token=""`` makes one up.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, token: str = "") -> None:
        self.token = token or secrets.token_urlsafe(12)
        if not self.token.replace("-", "").replace("_", "").isalnum():
            raise BadOption(f"the token is part of a URL: letters, digits, - and _, got {self.token!r}.")
        self._gets: dict[str, Callable[[Mapping[str, str]], tuple[str, bytes]]] = {}
        self._posts: dict[str, Callable[[Mapping[str, str]], Json]] = {}
        self._channels: dict[str, Channel] = {}
        try:
            self._http = _Http((host, port), self)
        except (OSError, OverflowError) as error:
            raise BadOption(f"cannot listen on {host}:{port}: {error}. Choose another port; 0 takes any.") from error
        self._host = host
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="server", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """On which it listens."""
        return int(self._http.server_address[1])

    def url(self, path: str = "") -> str:
        """Where ``path`` is found, token and all."""
        host = "127.0.0.1" if self._host in ("0.0.0.0", "") else self._host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/{self.token}/{path}"

    def page(self, path: str, html: Callable[[], str]) -> None:
        """Answer GET with a page; ``""`` is the first one."""
        self._gets[path] = lambda query: ("text/html; charset=utf-8", html().encode())

    def json(self, path: str, value: Callable[[Mapping[str, str]], Json]) -> None:
        """Answer GET with JSON made from the query."""
        self._gets[path] = lambda query: ("application/json", json.dumps(value(query)).encode())

    def button(self, path: str, press: Callable[[Mapping[str, str]], Json]) -> None:
        """Answer POST: ``press`` gets the form's fields and runs in a thread; what it returns goes back as JSON."""
        self._posts[path] = press

    def stream(self, path: str) -> Channel:
        """Send what is published on the channel as an MJPEG stream: a camera for OpenCV, browsers and others."""
        return self._channels.setdefault(path, Channel())

    def close(self) -> None:
        """Stop, let all clients go, and wait for their threads."""
        for channel in self._channels.values():
            channel.close()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.hang_up()
        self._http.server_close()  # joins the clients' threads

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _route(self, target: str) -> tuple[str, dict[str, str]] | None:
        """Path below the token, and query; None without the token."""
        parts = urlsplit(target)
        token, _, path = parts.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        return path, dict(parse_qsl(parts.query, keep_blank_values=True))


class _Http(ThreadingHTTPServer):
    """One thread a client; remembers their sockets, so that none outlives the server."""

    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            full = len(self._open) >= MOST_CLIENTS
            if not full:
                self._open.add(request)
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.exception("an answer to %s failed", client_address)

    def hang_up(self) -> None:
        """End all conversations."""
        with self._lock:
            for client in self._open:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is gone already


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    timeout = SEND_TIMEOUT_S
    server: _Http
    server_version, sys_version = "physadv", ""

    def do_GET(self) -> None:
        """A stream, a page, or JSON."""
        owner = self.server.owner
        path, query = owner._route(self.path) or (None, {})
        if path in owner._channels:
            self._stream(owner._channels[path])
        elif path in owner._gets:
            self._answer(lambda: owner._gets[path](query))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """A button."""
        owner = self.server.owner
        path, _ = owner._route(self.path) or (None, {})
        length = self.headers.get("Content-Length", "0")
        if path not in owner._posts:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal() or int(length) > LONGEST_POST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            form = dict(parse_qsl(self.rfile.read(int(length)).decode(errors="replace"), keep_blank_values=True))
            self._answer(lambda: ("application/json", json.dumps(owner._posts[path](form)).encode()))

    def handle(self) -> None:
        """A client that goes away is no error."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        logger.debug(format.replace(self.server.owner.token, "…"), *args)

    def _answer(self, make: Callable[[], tuple[str, bytes]]) -> None:
        status = HTTPStatus.OK
        try:
            kind, body = make()
        except PhysadvError as error:  # a button that was pressed at the wrong time, say
            status, kind, body = HTTPStatus.BAD_REQUEST, "application/json", json.dumps({"error": str(error)}).encode()
        self._head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: HTTPStatus) -> None:
        self._head(status, "text/plain")
        self.end_headers()

    def _head(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")

    def _stream(self, channel: Channel) -> None:
        """Every part is followed by its boundary at once: browsers show a picture only when they have seen that."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._head(HTTPStatus.OK, f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        self.wfile.write(f"--{BOUNDARY}\r\n".encode())
        number = 0
        while not channel.closed:
            if (newer := channel.after(number, 1.0)) is None:
                continue
            number, jpeg = newer
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            self.wfile.write(head + jpeg + f"\r\n--{BOUNDARY}\r\n".encode())
