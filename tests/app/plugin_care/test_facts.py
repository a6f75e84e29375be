"""What list and info tell of plugins: origin, status, seconds, options, permissions; without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from physadv.app.plugin_care.facts import facts_of, plugin_called
from physadv.app.plugin_care.scaffold import PluginName, kind_called, written
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from tests.running import physadv


@pytest.fixture
def blur(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new defence and an observer, loaded though they are not installed, and forgotten afterwards."""
    for name, kind in (("kind-blur", "defense"), ("kind-log", "observer")):
        written(PluginName(name), kind_called(kind), tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path / name))
    monkeypatch.setenv("PHYSADV_PLUGINS", "kind_blur,kind_log,no_such_module")
    yield tmp_path / "kind-blur"
    for module in [module for module in sys.modules if module.startswith(("kind_blur", "kind_log"))]:
        del sys.modules[module]


@pytest.mark.usefixtures("blur")
def test_info_tells_what_a_plugin_offers_and_declares() -> None:
    told = json.loads(physadv("plugins", "info", "kind-blur", "--json").stdout)
    assert (told["status"], told["physadv_api"], told["permissions"]) == ("loaded", 2, [])
    assert told["presets"] == ["experiment/kind_blur"]
    (part,) = told["parts"]
    assert part["options"] == [
        {"name": "side_px", "type": "int", "default": "3", "meaning": "of the square that is averaged; odd"}
    ]
    page = physadv("plugins", "info", "kind_blur").stdout
    assert "asks for none" in page
    assert "defenses/kind/blur" in page


@pytest.mark.usefixtures("blur")
def test_a_plugin_that_is_left_out_is_told_with_its_reason() -> None:
    page = physadv("plugins", "info", "no_such_module").stdout
    assert "left out: ModuleNotFoundError" in page


@pytest.mark.usefixtures("blur")
def test_list_has_observers_and_the_status_of_every_plugin() -> None:
    page = physadv("plugins", "list").stdout
    assert "KindLog" in page
    assert "left out: ModuleNotFoundError" in page
    told = json.loads(physadv("plugins", "list", "--json").stdout)["plugins"]
    rows = {row["name"]: row for row in told}
    assert rows["kind_log"]["observers"] == ["KindLog"]
    assert (rows["kind_blur"]["status"], rows["no_such_module"]["status"]) == ("loaded", "left out")


@pytest.mark.usefixtures("blur")
@pytest.mark.parametrize(("command", "said"), [
    (["kind-blurr"], "no plugin named 'kind-blurr' is installed. Did you mean 'kind_blur'?"),
    ([], "takes one NAME"),
    (["a", "b"], "takes one NAME"),
    ([""], "no plugin named ''"),
])  # fmt: skip
def test_a_plugin_that_is_not_there_is_said_in_one_line(command: list[str], said: str) -> None:
    done = physadv("plugins", "info", *command)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr


def test_permissions_are_those_that_we_know(blur: Path) -> None:
    file = blur / "kind_blur" / "__init__.py"
    file.write_text(file.read_text().replace("= ()", '= ("downlods",)'))
    registry = Registry(discover=False)
    with pytest.raises(BadOption, match=r"'downlods'. Did you mean 'downloads'"):
        facts_of(registry, plugin_called(registry, "kind_blur"))


def test_twenty_plugins_are_listed_without_torch(tmp_path: Path) -> None:
    for number in range(20):
        written(PluginName(f"many-blur{number}"), kind_called("defense"), tmp_path)
    env = {
        "PHYSADV_PLUGINS": ",".join(f"many_blur{number}" for number in range(20)),
        "PYTHONPATH": ":".join(str(tmp_path / f"many-blur{number}") for number in range(20)),
    }
    text = (
        "import sys, time; from physadv.cli import main; main(['plugins', 'list']);"
        "print('torch' in sys.modules, time.process_time())"
    )
    done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.count("loaded\n") >= 20
    torch, seconds = done.stdout.splitlines()[-1].split()
    assert torch == "False"
    assert float(seconds) < 0.6  # of the processor: what others compute meanwhile does not count
