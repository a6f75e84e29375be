"""Who may talk to the server, for how long, and what goes back. A client that misbehaves harms only itself.

A client is *asking* until its whole request has come. It has ``REQUEST_S`` for that, however slowly it drips, and there
are at most ``PEER_ASKING`` such clients of one address and ``MAX_ASKING`` of all: a newcomer takes the place of the
oldest one, so that those who say nothing never keep out those who do. Nothing that a client sends can bring a
traceback to the terminal, and the token stands in no log.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from physadv.core.errors import PhysadvError
from physadv.parts.frames.channel import Channel

logger = logging.getLogger(__name__)

BOUNDARY = "frame"
LONGEST_POST = 65_536
REQUEST_S = 10.0  # for a whole request, head and form
SEND_TIMEOUT_S = 10.0  # a client that takes nothing for so long is let go
SEND_BUFFER = 1 << 17  # bytes: more would queue old frames before a slow client
MAX_ASKING = 64
PEER_ASKING = 16  # a browser opens six
MAX_STREAMS = 32


class Routes(Protocol):
    """Paths that are served; see :class:`physadv.parts.frames.serve.Server`."""

    token: str
    gets: dict[str, Callable[[Mapping[str, str]], tuple[str, bytes]]]
    posts: dict[str, Callable[[Mapping[str, str]], Mapping[str, Any]]]
    channels: dict[str, Channel]

    def route(self, target: str) -> tuple[str | None, dict[str, str]] | None: ...


@dataclass
class _Client:
    """One open conversation."""

    peer: str
    since_s: float = field(default_factory=time.monotonic)
    asking: bool = True
    streams: bool = False


class Listener(ThreadingHTTPServer):
    """One thread a client; remembers their sockets, so that none outlives the server."""

    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    request_queue_size = 128  # the usual 5 makes others wait for seconds while many connect at once

    def __init__(self, address: tuple[str, int], owner: Routes) -> None:
        self.owner = owner
        self._open: dict[socket.socket, _Client] = {}
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
        peer = str(client_address[0])
        with self._lock:
            asking = [(one, client) for one, client in self._open.items() if client.asking]
            theirs = [one for one, client in asking if client.peer == peer]
            if len(theirs) >= PEER_ASKING:
                self._let_go(theirs[0])
            elif len(asking) >= MAX_ASKING:
                self._let_go(asking[0][0])
            self._open[request] = _Client(peer)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Several times a second: let those go whose time to ask is over."""
        now = time.monotonic()
        with self._lock:
            late = [one for one, client in self._open.items() if client.asking and now - client.since_s > REQUEST_S]
            for client in late:
                self._let_go(client)

    def heard(self, request: socket.socket) -> None:
        """The whole request has come."""
        with self._lock:
            if client := self._open.get(request):
                client.asking = False

    def may_stream(self, request: socket.socket) -> bool:
        """Whether there is room for one more stream."""
        with self._lock:
            client = self._open.get(request)
            if client is None or sum(other.streams for other in self._open.values()) >= MAX_STREAMS:
                return False
            client.streams = True
            return True

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line: the kind of the error and where it arose. Its text may hold what a client sent."""
        error = sys.exception()
        spot = traceback.extract_tb(error.__traceback__)[-1:] if error else []
        where = f" at {spot[0].filename.rpartition('/')[2]}:{spot[0].lineno}" if spot else ""
        logger.warning("the page could not answer a request: %s%s", type(error).__name__, where)

    def hang_up(self) -> None:
        """End all conversations."""
        with self._lock:
            for client in list(self._open):
                self._let_go(client)

    def _let_go(self, request: socket.socket) -> None:
        """Its thread wakes up and ends. Called with the lock held."""
        if client := self._open.get(request):
            client.asking = False
        try:
            request.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is gone already


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    timeout = SEND_TIMEOUT_S
    server: Listener
    server_version, sys_version = "physadv", ""

    def do_GET(self) -> None:
        """A stream, a page, or JSON."""
        owner = self.server.owner
        self.server.heard(self.connection)
        path, query = self._asked()
        if self._foreign():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif path is None and self._owns_token():
            self._refuse(HTTPStatus.MOVED_PERMANENTLY, {"Location": f"/{owner.token}/"})
        elif path in owner.channels:
            self._stream(owner.channels[path])
        elif path in owner.gets:
            self._answer(lambda: owner.gets[path](query))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """A button."""
        owner = self.server.owner
        path, _ = self._asked()
        length = self.headers.get("Content-Length", "0")
        if self._foreign():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif path not in owner.posts:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif not (length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= LONGEST_POST):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif len(body := self.rfile.read(int(length))) < int(length):
            self.close_connection = True  # it went away in the middle of its form
        else:
            self.server.heard(self.connection)
            form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
            self._answer(lambda: ("application/json", json.dumps(owner.posts[path](form)).encode()))

    def handle(self) -> None:
        """A client that goes away is no error."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        logger.debug("%s", ascii(format % args).replace(self.server.owner.token, "…"))

    def _asked(self) -> tuple[str | None, dict[str, str]]:
        return self.server.owner.route(self.path) or (None, {})

    def _owns_token(self) -> bool:
        return self.server.owner.route(self.path) is not None

    def _foreign(self) -> bool:
        """Whether a page of another site asks, or one whose name was bent to this machine (DNS rebinding)."""
        host = self.headers.get("Host")
        if host is not None and not _own_name(host):
            return True
        site, mode = self.headers.get("Sec-Fetch-Site", ""), self.headers.get("Sec-Fetch-Mode", "")
        if site in ("cross-site", "same-site") and (self.command != "GET" or mode != "navigate"):
            return True  # a link may lead here; a foreign page may not look or press
        origin = self.headers.get("Origin")
        if origin is None or (origin == "null" and site == "same-origin"):  # we ask browsers not to tell where we are
            return False
        return origin not in (f"http://{host}", f"https://{host}")

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

    def _refuse(self, status: HTTPStatus, more: Mapping[str, str] | None = None) -> None:
        self._head(status, "text/plain")
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _head(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")

    def _stream(self, channel: Channel) -> None:
        """Every part is followed by its boundary at once: browsers show a picture only when they have seen that."""
        if not self.server.may_stream(self.connection):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._head(HTTPStatus.OK, f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        self.wfile.write(f"--{BOUNDARY}\r\n".encode())
        number, jpeg = 0, b""
        while not channel.closed:
            if (newer := channel.after(number, 1.0)) is not None:
                number, jpeg = newer
            elif not (channel.repeats and jpeg):
                continue
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            self.wfile.write(head + jpeg + f"\r\n--{BOUNDARY}\r\n".encode())


def _own_name(host: str) -> bool:
    """Whether a ``Host`` header names this machine by address or as localhost. Ports differ behind tunnels."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
