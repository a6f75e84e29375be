"""How people get to the page: a browser that opens, an address, or a QR code for a phone on the same network."""

from __future__ import annotations

import io
import socket
import webbrowser

import segno

from physadv.core.errors import BadOption
from physadv.engines.watch.window import has_screen

_NOWHERE = ("192.0.2.1", 9)  # an address for examples (RFC 5737): a datagram socket that is pointed at it sends nothing


def invitation(url: str, *, network: bool, unasked: bool) -> str:
    """Words below the address. A page that nobody asked for opens by itself where there is a screen."""
    if network:
        return f"{qr(url)}whoever has this address sees the page and may press its buttons"
    if unasked and has_screen() and webbrowser.open(url):
        return "it has been opened in the browser; serve=false leaves it out"
    return "only this machine can open the page; serve=network lets a phone, by a QR code. Ctrl-C ends with a summary"


def qr(text: str) -> str:
    """The code in half blocks, two rows a line, dark on light whatever the terminal's colours are."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()


def network_address() -> str:
    """The address under which others on the network find this machine. Raises :class:`BadOption` without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError as error:
            raise BadOption("serve=network needs a network, and there is none. Say serve=true") from error
        return str(probe.getsockname()[0])
