"""The plugin that makes a command fail is found by halves; a command that fails anyway is nobody's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from physadv.app.plugin_care.bisection import Tries, culprits
from tests.running import physadv

NAMES = [f"p{number}" for number in range(8)]


def test_one_of_eight_is_found_in_few_tries() -> None:
    tried: list[Sequence[str]] = []

    def fails(kept: Sequence[str]) -> bool:
        tried.append(kept)
        return "p6" in kept

    assert culprits(NAMES, fails) == ["p6"]
    assert len(tried) <= 6


def test_two_that_fail_only_together_are_both_named() -> None:
    assert culprits(NAMES, lambda kept: {"p1", "p6"} <= set(kept)) == ["p1", "p6"]


def test_every_try_has_a_run_folder_of_its_own(tmp_path: Path) -> None:
    tries = Tries(("generate", "size=smoke", "out=runs/mine"), ("p0",), tmp_path, count=3)
    assert tries._words() == ["generate", "size=smoke", f"out={tmp_path / '3'}"]
    assert Tries(("plugins", "list"), (), tmp_path)._words() == ["plugins", "list"]


OFFERS = """from dataclasses import dataclass
from physadv.api import Entry, hookimpl

@dataclass
class Config:
    size: int = 1

@hookimpl
def physadv_patches():
    return [Entry("bis/NAME", Config, Config, "a patch")]
"""


def test_the_command_names_the_plugins_that_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, part in (("bis_first", "same"), ("bis_good", "other"), ("bis_last", "same")):
        (tmp_path / f"{module}.py").write_text(OFFERS.replace("NAME", part))
    monkeypatch.syspath_prepend(str(tmp_path))
    env = {"PHYSADV_PLUGINS": "bis_first,bis_good,bis_last"}
    told = json.loads(physadv("plugins", "bisect", "--json", "--", "plugins", "list", env=env).stdout)
    assert told["plugins"] == ["bis_first", "bis_last"]
    assert "is offered by both" in told["failure"]


def test_the_command_names_a_plugin_that_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bis_exit.py").write_text("import os\nos._exit(7)\n")
    (tmp_path / "bis_fine.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    done = physadv("plugins", "bisect", "plugins", "list", env={"PHYSADV_PLUGINS": "bis_fine,bis_exit"})
    assert "plugin 'bis_exit' makes the command fail" in done.stdout, done.stderr
    assert "PHYSADV_BLOCK=bis_exit physadv plugins list" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs a command"),
        (["--seconds", "x", "--", "plugins", "list"], "--seconds must be a positive number"),
        (["--", "generat"], "is not a command"),
        (["--", "plugins", "list"], "does not fail with all plugins"),
        (
            ["--", "plugins", "list", "--jsn"],
            "fails without any plugin, too: physadv: error: physadv plugins list takes",
        ),
        (["--tries", "--", "plugins", "list"], "has no flag '--tries'"),
    ],
)
def test_nothing_to_find_is_one_line(words: list[str], said: str) -> None:
    done = physadv("plugins", "bisect", *words, env={"PHYSADV_PLUGINS": "json"})
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr
