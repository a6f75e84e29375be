"""A small HTTP server: pages, JSON, buttons, and the newest frame as a stream that any program reads as a camera.

It listens on this machine alone unless told otherwise, and answers only paths that begin with a secret token: other
users of the machine and web pages in the user's browser cannot guess it. Who talks to it, for how long, and whom it
refuses is in :mod:`physadv.parts.frames.listener`.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from physadv.core.errors import BadOption
from physadv.parts.frames.channel import Channel
from physadv.parts.frames.listener import Listener

Json: TypeAlias = Mapping[str, Any]


class Server:
    """Serves what is mounted on it, in threads, until it is closed.

    ``host="127.0.0.1"`` is this machine alone, port 0 any that is free; ``token=""`` makes one up.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, token: str = "") -> None:
        self.token = token or secrets.token_urlsafe(12)
        if not self.token.replace("-", "").replace("_", "").isalnum():
            raise BadOption(f"the token is part of a URL: letters, digits, - and _, got {self.token!r}.")
        self.gets: dict[str, Callable[[Mapping[str, str]], tuple[str, bytes]]] = {}
        self.posts: dict[str, Callable[[Mapping[str, str]], Json]] = {}
        self.channels: dict[str, Channel] = {}
        try:
            self._http = Listener((host, port), self)
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
        self.gets[path] = lambda query: ("text/html; charset=utf-8", html().encode())

    def json(self, path: str, value: Callable[[Mapping[str, str]], Json]) -> None:
        """Answer GET with JSON made from the query."""
        self.gets[path] = lambda query: ("application/json", json.dumps(value(query)).encode())

    def button(self, path: str, press: Callable[[Mapping[str, str]], Json]) -> None:
        """Answer POST: ``press`` gets the form's fields and runs in a thread; what it returns goes back as JSON."""
        self.posts[path] = press

    def stream(self, path: str, *, repeats: bool = False) -> Channel:
        """Send what is published on the channel as an MJPEG stream: a camera for OpenCV, browsers and others.

        ``repeats`` is for people alone: the last frame is sent again each second while there is no new one.
        """
        return self.channels.setdefault(path, Channel(repeats=repeats))

    def close(self) -> None:
        """Stop, let all clients go, and wait for their threads."""
        for channel in self.channels.values():
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

    def route(self, target: str) -> tuple[str | None, dict[str, str]] | None:
        """Path below the token, and query; ``None`` as path where the slash behind the token is missing.

        Nothing without the token, or where the address cannot be read.
        """
        try:
            parts = urlsplit(target)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
        except ValueError:
            return None
        token, slash, path = parts.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(errors="replace"), self.token.encode()):
            return None
        return (path if slash else None), query
