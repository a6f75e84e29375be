"""Tests that share what is made once a module run on one worker, and the longest begin first.

pytest-xdist's own ``loadgroup`` reads groups from names of tests, which pytest 9.2 no longer lets it change.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[1]


class FixturesTogether(LoadScopeScheduling):
    """Files with a fixture of their own go to one worker whole; tests of others go to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if makes_something(file) else nodeid


@cache
def makes_something(file: str) -> bool:
    """Whether the file has a fixture that is made once for all its tests."""
    path = ROOT / file
    return path.is_file() and 'scope="module"' in path.read_text(encoding="utf-8")


def longest_first(items: list[pytest.Item]) -> None:
    """Sort: the end of a run waits for its last test, so that this had better be a short one."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
