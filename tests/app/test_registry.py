"""Plugins are found, checked, isolated and named."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from physadv.api import Entry, hookimpl
from physadv.app.registry import Registry
from physadv.core.errors import BadOption, BrokenPlugin


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
    assert registry.entry("patches", "acme/halo").build(HaloConfig(rings=7)) == 7
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
    with pytest.raises(BrokenPlugin, match=r"offered by both 'physadv.parts.patches.entries' and 'halo_plugin'"):
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


def test_a_hook_for_observers_that_raises_is_said_when_the_run_begins(
    plugin: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    @hookimpl
    def physadv_observers() -> list[object]:
        raise BadOption("ACME_LOG names nothing")

    plugin.physadv_observers = physadv_observers  # type: ignore[attr-defined]
    registry = Registry(discover=False)
    assert registry.observers() == [] == registry.observers()
    assert caplog.text.count("plugin 'halo_plugin' is left out: BadOption: ACME_LOG names nothing") == 1


def test_no_entry_needs_torch() -> None:
    import subprocess

    code = "import sys; from physadv.app.registry import Registry; Registry(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def module_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **sources: str) -> Registry:
    """A registry that meets plugins with these sources."""
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PHYSADV_PLUGINS", ",".join(sources))
    return Registry(discover=False)


HALO = """from dataclasses import dataclass
from physadv.api import Entry, hookimpl
@dataclass
class Config:
    rings: {of} = {default}
@hookimpl
def physadv_patches():
    return [Entry("{name}", Config, lambda config: None, "rings")]
"""
BROKEN = {
    "acme_import": ("import no_such_module_at_all\n", r"ModuleNotFoundError: .*acme_import.py, line 1\)"),
    "acme_syntax": ("def f(:\n", r"SyntaxError: .*acme_syntax.py, line 1\)"),
    "acme_exits": ("import sys\nsys.exit(3)\n", "ends the process while it is imported"),
    "acme_hangs": ("import time\ntime.sleep(60)\n", "is not loaded after"),
    "acme_options": (
        "from __future__ import annotations\n" + HALO.format(of="list[set[int]]", default="None", name="acme/options"),
        "the options of 'acme/options' .* cannot be held: .*",
    ),
    "acme_entry": (HALO.format(of="int", default="4", name="acme/e").replace("[Entry", "Entry").replace(")]", ")"),
                   "TypeError"),
    "acme_hook": (HALO.format(of="int", default="4", name="acme/h").replace("patches", "pathces"), "unknown hook"),
    "acme_number": ("physadv_api = 99\n", "plugin interface 99"),
    "acme_raises": (HALO.format(of="int", default="4", name="acme/r").replace("    return", "    1 / 0\n    return"),
                    r"ZeroDivisionError: .*acme_raises.py, line 8\)"),
    "acme_name": (HALO.format(of="int", default="4", name="acme/n").replace('"acme/n"', "3"), "on one line, got 3"),
    "acme_lines": ("raise ValueError('a\\nb')\n", r"ValueError: a b .*acme_lines.py, line 1\)"),
    "acme_config": (HALO.format(of="int", default="4", name="acme/c").replace("@dataclass\n", ""), "a dataclass"),
}  # fmt: skip


def test_twelve_broken_plugins_are_named_and_the_host_still_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("physadv.app.plugins.PATIENCE_S", 0.3)
    begun = time.monotonic()
    registry = module_of(monkeypatch, tmp_path, **{name: source for name, (source, _) in BROKEN.items()})
    assert time.monotonic() - begun < 5
    errors = {record.name: record.error for record in registry.records}
    for name, (_, message) in BROKEN.items():
        assert re.search(message, errors[name]), (name, errors[name])
    assert "raster" in [o.entry.name for o in registry.offered("patches")]
    assert not [o for o in registry.offered("patches") if o.entry.name.startswith("acme/")]


@pytest.mark.slow
def test_a_hook_that_never_ends_is_no_hang(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = HALO.format(of="int", default="4", name="acme/e").replace("    return [", "    while True: yield (")
    with pytest.raises(BrokenPlugin, match="acme/e"):
        module_of(monkeypatch, tmp_path, acme_endless=source.replace(")]", "))")).offered("patches")


def test_a_hook_without_its_mark_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = HALO.format(of="int", default="4", name="acme/halo").replace("@hookimpl\n", "")
    (record,) = module_of(monkeypatch, tmp_path, acme_unmarked=source).records
    assert "physadv_patches lacks the mark @hookimpl" in record.warning


def test_no_plugins_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHYSADV_PLUGINS", "no_such_module")
    monkeypatch.setenv("PHYSADV_NO_PLUGINS", "1")
    assert Registry().records == []


def test_presets_in_a_relative_folder_leave_the_plugin_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = "from physadv.api import hookimpl\n@hookimpl\ndef physadv_config_dirs():\n    return ['conf']\n"
    registry = module_of(monkeypatch, tmp_path, acme_presets=source)
    assert registry.config_dirs() == []
    assert "must list absolute folders" in registry.records[0].error
