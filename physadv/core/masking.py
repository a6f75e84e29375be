"""Passwords in addresses are hidden: on the terminal, in run folders, in logs and in errors, all by :func:`masked`.

    rtsp://admin:p@ss/w@10.0.0.2/live?token=abc  →  rtsp://admin:***@10.0.0.2/live?token=***

People type passwords with any sign, also those that belong into an address only as %40 or %2F. So the password ends at
the *last* ``@`` of the address, and rather too much is hidden than half of it.
"""

from __future__ import annotations

import logging
import re
from typing import Any

HIDDEN = "***"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SECRET = re.compile(
    r"(?i)([?&;](?:[\w-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|signature|credential)[\w-]*"
    r"|pass|psw|key|sig|auth|usr_?pwd|loginpas|pw)=)([^&\s'\"]+)"
)


def masked(text: str) -> str:
    """``text`` with the password of every address in it hidden."""
    begins = [match.start() for match in _SCHEME.finditer(text)]
    if not begins:
        return text
    pieces = [text[: begins[0]]]
    pieces += [_one(text[begin:end]) for begin, end in zip(begins, [*begins[1:], len(text)], strict=True)]
    return "".join(pieces)


def masked_in(value: Any) -> Any:
    """Nested values with every text :func:`masked`."""
    if isinstance(value, dict):
        return {key: masked_in(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_in(item) for item in value]
    return masked(value) if isinstance(value, str) else value


def password_end(address: str) -> int | None:
    """Where the ``@`` behind the password is, in text that begins with an address; ``None`` without a password."""
    begin = address.find("://") + 3
    host = re.match(r"[^/?#\n]*", address[begin:])
    authority = host[0] if host else ""
    line = address.partition("\n")[0]
    if "@" in authority:  # everything up to the last @ of this word
        first = line.index("@", begin)
        return line.rindex("@", first, first + len(re.split(r"[\s'\"<>]", line[first:])[0]))
    if ":" in authority:  # rtsp://admin:p/w@host: its slash ends the authority too early
        word = begin + len(re.split(r"[\s'\"<>]", line[begin:])[0])
        place = line.rfind("@", begin, word)
        return None if place < 0 else place
    return None


def _one(address: str) -> str:
    end = password_end(address)
    if end is not None:
        begin = address.find("://") + 3
        user, colon, _ = address[begin:end].partition(":")
        address = f"{address[:begin]}{user + ':' if colon else ''}{HIDDEN}{address[end:]}"
    return _SECRET.sub(rf"\1{HIDDEN}", address)


class MaskedFormatter(logging.Formatter):
    """A log line without passwords."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, tracebacks included."""
        return masked(super().format(record))
