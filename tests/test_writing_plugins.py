"""The page that leads to a plugin in ten minutes works as it stands, from nothing to installed, checked and listed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, forked

PAGE = ROOT / "docs" / "writing-plugins.md"
MACHINE_S = 60.0  # for all of it; people need longer

pytestmark = pytest.mark.slow


def blocks() -> list[tuple[str, str]]:
    """Language and text of every block of the page, in their order."""
    return re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.S)


def test_the_page_works_from_top_to_bottom(tmp_path: Path) -> None:
    site = tmp_path / "site"
    paths = os.pathsep.join([str(tmp_path / "acme-blur"), str(site), str(ROOT)])
    env = {"PYTHONPATH": paths, "PIP_NO_INDEX": "1"}
    last = {line: place for place, (language, text) in enumerate(blocks()) for line in lines(language, text)}
    said, used = {}, os.times()
    for place, (language, text) in enumerate(blocks()):
        first, _, rest = text.partition("\n")
        if language in ("python", "yaml") and (name := first.removeprefix("# ")).endswith((".py", ".yaml")):
            (tmp_path / "acme-blur" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "acme-blur" / name).write_text(rest)
        for line in lines(language, text):
            if last[line] == place:  # the tests as they were written are run by test_scaffold
                done = ran(shlex.split(line), tmp_path, env, site)
                assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
                said[line] = done.stdout
    assert "acme/blur" in said["physadv plugins list"]
    assert "averaged picture" not in said["physadv plugins info acme-blur"]  # the idea comes later
    assert "passed     defenses/acme/blur" in said["physadv plugins check acme-blur"]
    assert "5 passed" in said["pytest acme-blur"]
    strong, half = [out for line, out in said.items() if "acme=strong" in line]
    assert "side_px: 9" in strong
    assert "share: 0.5" in half
    spent = os.times()
    assert spent.children_user + spent.children_system - used.children_user - used.children_system < MACHINE_S


def lines(language: str, text: str) -> list[str]:
    """The commands of a block."""
    return text.splitlines() if language in ("sh", "console") else []


def ran(words: list[str], place: Path, env: dict[str, str], site: Path) -> subprocess.CompletedProcess[str]:
    """As typed; the package is built with what is installed, and into a folder of the test's own."""
    if words[0] == "physadv":
        return forked(*words[1:], cwd=place, env=env)
    paths = os.pathsep.join([env["PYTHONPATH"], *filter(None, sys.path)])
    build = ["--no-build-isolation", "--no-deps", "--quiet", "--disable-pip-version-check", "--target", str(site)]
    if words[:3] == ["pip", "install", "-e"]:
        words = ["pip", "install", *build, f"./{words[3]}"]
    command = [sys.executable, "-m", *words, *(["-q", "-p", "no:cacheprovider"] if words[0] == "pytest" else [])]
    around = {**os.environ, **env, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=place, env=around, capture_output=True, text=True, check=False)
