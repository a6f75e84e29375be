"""Every defence passes the battery of its kind."""

from __future__ import annotations

import pytest

from physadv.app.registry import Registry
from physadv.testing import ToyDefense, check_defense

REGISTRY = Registry(discover=False)
OPTIONS: dict[str, dict[str, object]] = {}
"""Those that a part needs beside its defaults."""


@pytest.mark.parametrize("name", [offered.entry.name for offered in REGISTRY.offered("defenses")])
def test_a_defense_passes_the_battery(name: str) -> None:
    config = REGISTRY.entry("defenses", name).config(**OPTIONS.get(name, {}))
    check_defense(REGISTRY.build("defenses", name, config))


def test_the_toy_passes_the_battery() -> None:
    check_defense(ToyDefense())
