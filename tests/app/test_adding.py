"""A command is a row, a file and a YAML; a part is a row and a file. Nothing else has to know of them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from physadv import api, testing
from physadv.app.commands import COMMANDS, Command
from physadv.app.config import locate
from physadv.app.guards import door
from physadv.app.registry import Registry
from physadv.core import hookspecs
from physadv.core.hookspecs import KINDS, Kind
from tests.running import physadv

ROW = Command(
    "greet politely", "write a greeting", target="toy_greet:greet", schema="toy_greet:GreetConfig",
    groups=("goal",), writes_run_folder=True,
)  # fmt: skip
FILE = """from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from physadv.app.config.schema import RunConfig


@dataclass
class GreetConfig(RunConfig):
    name: str = "greeting"
    whom: str = "you"  # who is greeted
    loudly: bool = False  # in capitals
    goal: Any = field(default_factory=dict)


def greet(config: Any, registry: Any, out: Path) -> None:
    text = f"good morning, {config.whom}"
    (out / "greeting.txt").write_text(text.upper() if config.loudly else text)
"""
YAML = "defaults: [greet_politely_schema, {run: default}, {goal: hide}, _self_]\n"

PART = """from dataclasses import dataclass

from physadv.api import Entry, hookimpl


@dataclass
class PlainConfig:
    size_px: int = 8  # texels across


def build(config):
    import torch
    from physadv.api import PatchImage

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.colour = torch.nn.Parameter(torch.full((3, 1, 1), 0.5))

        def forward(self):
            srgb = self.colour.expand(3, config.size_px, config.size_px)
            return PatchImage(srgb, torch.ones_like(srgb[:1]), 100.0)

        @torch.no_grad()
        def project_(self):
            self.colour.clamp_(0, 1)

    return Plain()


@hookimpl
def physadv_patches():
    return [Entry("toy/plain", PlainConfig, build, "one colour")]
"""


@pytest.fixture
def greeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command is added."""
    shutil.copytree(locate.conf_dir(), tmp_path / "conf")
    (tmp_path / "conf" / "greet_politely.yaml").write_text(YAML)
    (tmp_path / "toy_greet.py").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(locate, "PLACES", (tmp_path / "conf",))
    monkeypatch.setitem(COMMANDS, ROW.words, ROW)
    yield
    sys.modules.pop("toy_greet", None)


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The part is added."""
    (tmp_path / "toy_plain.py").write_text(PART)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PHYSADV_PLUGINS", "toy_plain")
    yield
    sys.modules.pop("toy_plain", None)


@pytest.mark.usefixtures("greeting")
def test_a_command_that_was_added_is_helped_with_and_completed() -> None:
    assert "greet politely   write a greeting" in physadv("--help").stdout
    page = physadv("greet", "politely", "--help").stdout
    assert "whom=you" in page
    assert "who is greeted" in page
    script = physadv("completion", "bash").stdout
    assert 'greet) next="politely"' in script
    assert '"greet politely loudly") vals="true false"' in script
    assert "Use 'physadv greet politely'" in physadv("greet").stderr


@pytest.mark.slow
@pytest.mark.usefixtures("greeting")
def test_a_command_that_was_added_runs_into_a_folder_and_refuses_typos(tmp_path: Path) -> None:
    done = physadv("greet", "politely", "whom=Ada", "loudly=true", "goal=alter", "goal.to=yield", "out=hello",
                   cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hello" / "greeting.txt").read_text() == "GOOD MORNING, ADA"
    noted = yaml.safe_load((tmp_path / "hello" / "config" / "config.yaml").read_text())
    assert noted["goal"]["to"] == "yield"
    assert "Did you mean 'whom'" in physadv("greet", "politely", "whim=Ada", cwd=tmp_path).stderr
    swept = physadv("greet", "politely", "-m", "whom=Ada,Bob", "out=both", cwd=tmp_path)
    assert swept.returncode == 0, swept.stderr
    assert (tmp_path / "both" / "1" / "greeting.txt").read_text() == "good morning, Bob"


@pytest.mark.slow
@pytest.mark.usefixtures("plain")
def test_a_part_that_was_added_is_listed_and_takes_options(tmp_path: Path) -> None:
    listed = json.loads(physadv("plugins", "list", "--json").stdout)
    assert ("patches", "toy/plain", "toy_plain") in {(r["kind"], r["name"], r["offered_by"]) for r in listed["parts"]}
    shown = physadv("generate", "--cfg", "job", "patch=toy/plain", "patch.size_px=4", cwd=tmp_path)
    assert "size_px: 4" in shown.stdout
    mistyped = physadv("generate", "patch=toy/plain", "patch.size_xp=4", cwd=tmp_path)
    assert "'patch.size_xp' in PlainConfig. Did you mean 'patch.size_px'" in mistyped.stderr


@pytest.mark.usefixtures("plain")
def test_a_part_that_was_added_passes_the_battery_of_its_kind() -> None:
    registry = Registry(discover=False)
    entry = registry.entry("patches", "toy/plain")
    kind = next(kind for kind in KINDS if kind.plural == "patches")
    vars(testing)[kind.battery](registry.build("patches", "toy/plain", entry.config()))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_a_kind_has_all_that_its_row_names(kind: Kind) -> None:
    assert kind.hook in vars(hookspecs)
    assert kind.protocol in api.__all__
    assert kind.battery in testing.__all__
    assert kind.plural in door.GUARDS


@pytest.mark.parametrize("words", list(COMMANDS))
def test_a_command_has_all_that_its_row_names(words: str) -> None:
    row = COMMANDS[words]
    assert callable(row.load())
    if row.schema:
        assert (locate.conf_dir() / f"{row.config_name}.yaml").is_file()
        fields = set(vars(row.options)["__dataclass_fields__"])
        assert set(row.groups) <= fields
        assert {name.partition(".")[0] for name in row.inherits} <= fields
