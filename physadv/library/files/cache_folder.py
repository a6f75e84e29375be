"""The folder for what can be made again at any time: small networks and data sets brought into our form."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path | None:
    """``PHYSADV_CACHE``, else ``physadv`` in ``XDG_CACHE_HOME``, ``LOCALAPPDATA`` or ``~/.cache``.

    ``None`` for somebody without a home.
    """
    if own := os.environ.get("PHYSADV_CACHE"):
        return Path(own)
    if told := os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA"):
        return Path(told) / "physadv"
    try:
        return Path.home() / ".cache" / "physadv"
    except RuntimeError:  # no home
        return None
