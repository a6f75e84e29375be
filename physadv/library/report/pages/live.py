"""The page that follows a film while it runs. Its script draws small SVG curves; nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from physadv.library.report.pages.html import filled

SCRIPT = "watch_live.js"


def live_page(name: str, *, stream: str, camera: str) -> str:
    """The page; ``stream`` is the picture's address beside it, ``camera`` the one that programs read."""
    script = (Path(__file__).parent / SCRIPT).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return filled(
        "watch_live.html.j2", {"name": name, "stream": stream, "camera": camera, "policy": policy, "script": script}
    )
