"""The pages that are read off hooks and plugins are up to date and complete."""

from __future__ import annotations

import re

import pytest

from physadv import api, testing
from physadv.core.hookspecs import KINDS
from tests.running import ROOT
from tools.plugin_pages import HOOKS, INDEX, hooks_page, index_page

REMEDY = "run: python tools/plugin_pages.py"


def test_the_reference_of_hooks_is_up_to_date() -> None:
    assert HOOKS.read_text() == hooks_page(), REMEDY


def test_the_index_of_plugins_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))  # and what the page needs of it is taken back
    assert INDEX.read_text() == index_page(), REMEDY


def test_every_hook_has_a_section_with_all_that_a_part_needs() -> None:
    hooks = re.findall(r"^def (physadv_\w+)", (ROOT / "physadv" / "core" / "hookspecs.py").read_text(), re.M)
    page = HOOKS.read_text()
    assert re.findall(r"^## `(\w+)`$", page, re.M) == hooks
    for kind in KINDS:
        section = page.partition(f"## `{kind.hook}`")[2].partition("\n## ")[0]
        assert f"`physadv.testing.{kind.battery}(" in section
        assert section.count("\n| `") > 0


def test_every_plugin_of_the_repository_is_in_the_index() -> None:
    plugins = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml"))
    assert plugins
    assert re.findall(r"^\| \[`([\w-]+)`\]", INDEX.read_text(), re.M) == plugins
    assert "does not say" not in INDEX.read_text()  # ours declare what they may


def test_every_kind_is_complete_for_authors() -> None:
    """Its contract is imported from the API, its battery from the testing package, and says of what it is."""
    for kind in KINDS:
        assert kind.protocol in api.__all__, f"{kind.protocol} of {kind.plural} is not in physadv.api"
        assert kind.battery in testing.__all__
        assert (ROOT / "physadv" / "app" / "plugin_care" / "templates" / f"{kind.plural}.txt").is_file()
