"""Every defence passes the battery of its kind."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from physadv.app.registry import Registry
from physadv.testing import ToyDefense, check_defense

ROOT = Path(__file__).resolve().parents[3]
REGISTRY = Registry(discover=False)
OPTIONS: dict[str, dict[str, object]] = {"alarm": {"threshold": 0.15}}
"""Those that a part needs beside its defaults."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [offered.entry.name for offered in REGISTRY.offered("defenses")])
def test_a_defense_passes_the_battery(name: str) -> None:
    config = REGISTRY.entry("defenses", name).config(**OPTIONS.get(name, {}))
    check_defense(REGISTRY.build("defenses", name, config))


def test_the_toy_passes_the_battery() -> None:
    check_defense(ToyDefense())


def test_the_defence_of_the_docs_passes_the_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "defenses.md").read_text()
    module = ModuleType("darker")
    monkeypatch.setitem(sys.modules, "darker", module)  # where a dataclass looks for its module
    exec(page.split("```python\n")[1].split("```")[0], vars(module))
    (row,) = module.physadv_defenses()
    check_defense(row.build(row.config()))
