"""How much of the fuzz runs: all of it with ``make fuzz``, a tenth with the other tests."""

from __future__ import annotations

import os

WHOLE = bool(os.environ.get("PHYSADV_FUZZ"))


def share(count: int) -> int:
    """So many of ``count``."""
    return count if WHOLE else max(1, count // 10)
