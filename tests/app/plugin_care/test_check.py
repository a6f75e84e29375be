"""An installed plugin is held to its batteries, and its needs to what is installed and tested."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from physadv.app.plugin_care.dependencies import dependency_findings, pinned_versions
from physadv.app.plugin_care.scaffold import PluginName, kind_called, written
from tests.running import physadv

MODULES = ("held_tiles", "held_red")


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two new patches, loaded though they are not installed, and forgotten afterwards."""
    for module in MODULES:
        name = PluginName(module.replace("_", "-"))
        written(name, kind_called("patch"), tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path / name.dist))
    monkeypatch.setenv("PHYSADV_PLUGINS", ",".join(MODULES))
    yield tmp_path
    for module in [module for module in sys.modules if module.startswith(MODULES)]:
        del sys.modules[module]


@pytest.mark.usefixtures("plugins")
def test_a_sound_plugin_passes() -> None:
    told = json.loads(physadv("plugins", "check", "held-tiles", "--json").stdout)
    states = {finding["name"]: finding["state"] for finding in told["findings"]}
    assert told["passed"]
    assert (states["patches/held/tiles"], states["import"], states["loaded"]) == ("passed",) * 3
    assert states["requirements"] == "not tried"


def test_a_part_that_breaks_its_promise_fails_with_the_reason(plugins: Path) -> None:
    part = plugins / "held-red" / "held_red" / "part.py"
    part.write_text(part.read_text().replace("self.colours.clamp_(0, 1)", "self.colours.add_(2)"))
    entry = plugins / "held-red" / "held_red" / "__init__.py"
    entry.write_text(entry.read_text().replace("from collections.abc", "import torch\nfrom collections.abc", 1))
    done = physadv("plugins", "check", "held-red")
    assert done.returncode == 2
    assert "failed     patches/held/red" in done.stdout
    assert "must" in done.stdout or "leaves [0, 1]" in done.stdout
    assert "importing it imports torch" in done.stdout


@pytest.mark.usefixtures("plugins")
def test_parts_are_made_with_the_options_that_are_given() -> None:
    done = physadv("plugins", "check", "held-tiles", "patches/held/tiles.tiles=0")
    assert (done.returncode, "must be positive" in done.stdout) == (2, True)
    assert physadv("plugins", "check", "held-tiles", "patches/held/tiles.tiles=3").returncode == 0


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(("word", "said"), [
    ("patches/held/tile.tiles=3", "no part 'patches/held/tile'. Did you mean 'patches/held/tiles'?"),
    ("patches/held/tiles=3", "names no option of a part"),
    ("tiles=3", "names no option of a part"),
])  # fmt: skip
def test_options_of_no_part_are_one_line(word: str, said: str) -> None:
    done = physadv("plugins", "check", "held-tiles", word)
    assert (done.returncode, len(done.stderr.splitlines()), said in done.stderr) == (2, 1, True)


def test_a_plugin_that_is_not_installed_is_one_line() -> None:
    done = physadv("plugins", "check", "nowhere")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def distribution(folder: Path, name: str, *needs: str) -> None:
    place = folder / f"{name}-1.0.dist-info"
    place.mkdir()
    lines = [f"Name: {name}", "Version: 1.0", "Metadata-Version: 2.1", *(f"Requires-Dist: {need}" for need in needs)]
    (place / "METADATA").write_text("\n".join(lines) + "\n")


def test_needs_that_are_not_met_or_change_tested_versions_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    distribution(tmp_path, "heldone", "heldtwo<9", "physadv>=0.1", "heldnone>=2", "extra-only; extra == 'more'")
    distribution(tmp_path, "heldtwo", "heldthree<1", "heldone")
    distribution(tmp_path, "heldthree")
    needs, tested = dependency_findings("heldone", {"heldthree": "1.0", "heldtwo": "8.0"})
    assert (needs.state, tested.state) == ("failed", "failed")
    assert "heldone needs heldnone>=2, which is not installed" in needs.said
    assert "heldtwo needs heldthree<1, but 1.0 is installed" in needs.said
    assert "extra-only" not in needs.said
    assert tested.said == "heldtwo needs heldthree<1, and physadv is tested with heldthree 1.0"


def test_the_tested_versions_come_along() -> None:
    assert {"torch", "pillow", "hydra-core"} <= pinned_versions().keys()
