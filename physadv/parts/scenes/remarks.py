"""Remarks on a data set while it is read: what was mended or left out, counted by kind and logged once."""

from __future__ import annotations

import logging
from pathlib import Path

logger = logging.getLogger(__name__)

_SHOWN = 3


class Remarks:
    """Kind of remark → where it applies. A kind reads after a number: "box(es) without area are left out"."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._where: dict[str, list[str]] = {}

    def add(self, kind: str, where: str) -> None:
        """One more of this kind."""
        self._where.setdefault(kind, []).append(where)

    def count(self, kind: str) -> int:
        """How many there are of this kind."""
        return len(self._where.get(kind, ()))

    def tell(self) -> None:
        """A line for every kind, with the first places; then they are forgotten."""
        for kind, where in self._where.items():
            logger.warning("%s: %d %s: %s", self._source, len(where), kind, shortened(where))
        self._where.clear()


def shortened(items: list[str]) -> str:
    """The first few, and how many more there are."""
    more = f", … ({len(items) - _SHOWN} more)" if len(items) > _SHOWN else ""
    return ", ".join(map(_printable, items[:_SHOWN])) + more


def _printable(item: str) -> str:
    """Short, and without signs that a terminal would obey."""
    shown = item if item.isprintable() else ascii(item)
    return shown if len(shown) <= 80 else f"{shown[:77]}…"
