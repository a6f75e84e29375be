"""Plugins are found, checked, isolated and named."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import pytest

from physadv.api import Entry, hookimpl
from physadv.errors import BadOption, BrokenPlugin
from physadv.registry import Registry


@dataclass
class HaloConfig:
    rings: int = 4  # colours, from the centre outwards


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """An uninstalled plugin module, loaded through the environment."""
    module = ModuleType("halo_plugin")
    sys.modules["halo_plugin"] = module
    monkeypatch.setenv("PHYSADV_PLUGINS", "halo_plugin")
    yield module
    del sys.modules["halo_plugin"]


def offer(module: ModuleType, name: str) -> None:
    @hookimpl
    def physadv_patches() -> list[Entry[HaloConfig, int]]:
        return [Entry(name, HaloConfig, lambda config: config.rings, "concentric rings")]

    module.physadv_patches = physadv_patches  # type: ignore[attr-defined]


def test_a_plugin_s_part_can_be_built_from_its_options(plugin: ModuleType) -> None:
    offer(plugin, "acme/halo")
    registry = Registry(discover=False)
    assert registry.build("patches", "acme/halo", HaloConfig(rings=7)) == 7
    assert registry.records[0].parts == ["patches/acme/halo"]


def test_an_unknown_name_suggests_the_nearest(plugin: ModuleType) -> None:
    offer(plugin, "halo")
    with pytest.raises(BadOption, match="Did you mean 'halo'"):
        Registry(discover=False).entry("patches", "halos")


def test_a_plugin_that_cannot_be_imported_is_named_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHYSADV_PLUGINS", "no_such_module")
    registry = Registry(discover=False)
    assert "no_such_module" in registry.records[0].error
    assert registry.offered("patches")
    with pytest.raises(BrokenPlugin, match="PHYSADV_BLOCK=no_such_module"):
        Registry(strict=True, discover=False)


def test_a_blocked_plugin_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHYSADV_PLUGINS", "no_such_module")
    monkeypatch.setenv("PHYSADV_BLOCK", "no_such_module")
    assert Registry(strict=True, discover=False).records[0].error == "blocked by PHYSADV_BLOCK"


def test_a_misspelt_hook_is_found(plugin: ModuleType) -> None:
    @hookimpl
    def physadv_pathces() -> list[object]:
        return []

    plugin.physadv_pathces = physadv_pathces  # type: ignore[attr-defined]
    with pytest.raises(BrokenPlugin, match=r"unknown hook 'physadv_pathces'. Did you mean 'physadv_patches'"):
        Registry(strict=True, discover=False)


def test_two_offers_of_one_name_are_an_error_that_names_both(plugin: ModuleType) -> None:
    offer(plugin, "raster")
    with pytest.raises(BrokenPlugin, match=r"offered by both 'physadv.patches.entries' and 'halo_plugin'"):
        Registry(discover=False)


def test_another_interface_number_is_refused(plugin: ModuleType) -> None:
    plugin.physadv_api = 99  # type: ignore[attr-defined]
    assert "plugin interface 99" in Registry(discover=False).records[0].error


def test_a_hook_that_raises_is_isolated(plugin: ModuleType) -> None:
    @hookimpl
    def physadv_patches() -> list[object]:
        raise RuntimeError("boom")

    plugin.physadv_patches = physadv_patches  # type: ignore[attr-defined]
    registry = Registry(discover=False)
    assert "boom" in registry.records[0].error
    assert "raster" in [o.entry.name for o in registry.offered("patches")]


def test_no_entry_needs_torch() -> None:
    import subprocess

    code = "import sys; from physadv.registry import Registry; Registry(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
