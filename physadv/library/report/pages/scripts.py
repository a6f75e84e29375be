"""The scripts of a page: plotly, packed once into the page, and our own. Nothing else may run there."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

OWN = "page.js"
BARE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # plotly styles its elements inline


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scripts that go into a page."""

    own: str
    packed: str  # plotly, gzip and base64: a third of its size
    policy: str  # of the page: only these two scripts run, nothing is fetched


@cache
def scripts() -> Scripts:
    """Our script and plotly's, and a content security policy that names both by their digest."""
    own = (Path(__file__).parent / OWN).read_text(encoding="utf-8")
    plotly = resources.files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    plotly = plotly.replace(b"\r\n", b"\n")
    packed = base64.b64encode(gzip.compress(plotly, 9, mtime=0)).decode()
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in (own.encode(), plotly))
    return Scripts(own, packed, f"{BARE}; script-src {allowed}")


def _digest(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
