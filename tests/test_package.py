"""What is built is what is there: every package and every data file travels in the wheel."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow  # builds and installs
def test_the_wheel_holds_everything_and_runs_elsewhere(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        wheel.extractall(tmp_path / "installed")
    kept = [f for top in ("physadv", "conf") for f in (ROOT / top).rglob("*") if f.is_file() and f.suffix != ".pyc"]
    for file in kept:
        place = file.relative_to(ROOT).as_posix()
        assert (f"physadv/{place}" if place.startswith("conf/") else place) in names
    for words, said in ((["--version"], "physadv "), (["generate", "--help"], "budget.steps")):
        command = [sys.executable, "-m", "physadv.cli", *words]
        elsewhere = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
        done = subprocess.run(command, cwd=tmp_path, env=elsewhere, capture_output=True, text=True, check=True)
        assert said in done.stdout


def test_the_constraints_name_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all("/" not in line and "@" not in line for line in lines if not line.startswith("#"))


@pytest.mark.slow
def test_what_is_imported_is_declared() -> None:
    imported = set()
    for file in (ROOT / "physadv").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(
                    ".".join(node.module.split(".")[:2]) if "google" in node.module else node.module.split(".")[0]
                )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for rows in project["optional-dependencies"].values() for line in rows)]
    declared = {re.split(r"[<>=\[; ]", line)[0].lower().replace("_", "-") for line in lines}
    brought = packages_distributions()
    foreign = {name for name in imported if name not in sys.stdlib_module_names and name != "physadv"}
    homes = {name: {d.lower().replace("_", "-") for d in brought.get(name, [name])} for name in foreign} | {
        "google.protobuf": {"protobuf"}
    }
    assert {name for name, home in homes.items() if not home & declared} == set()
