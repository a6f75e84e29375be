"""What is built is what is there: every package and every data file travels in the wheel."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_listed() -> None:
    there = {".".join(f.parent.relative_to(ROOT).parts) for f in (ROOT / "physadv").rglob("__init__.py")}
    assert set(SETUP["packages"]) == there | {"physadv.conf"}


def test_every_data_file_is_matched_by_a_pattern() -> None:
    places = {"physadv.conf": ROOT / "conf"}
    matched = set()
    for package, patterns in SETUP["package-data"].items():
        folder = places.get(package, ROOT.joinpath(*package.split(".")))
        for pattern in patterns:
            matched |= set(folder.glob(pattern))
    data = {f for top in ("physadv", "conf") for f in (ROOT / top).rglob("*") if f.is_file()}
    data = {f for f in data if f.suffix not in {".py", ".pyc"} and "__pycache__" not in f.parts}
    assert data <= matched


def test_the_constraints_name_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all("/" not in line and "@" not in line for line in lines if not line.startswith("#"))


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
    homes = {name: {d.lower().replace("_", "-") for d in brought.get(name, [])} for name in foreign} | {
        "google.protobuf": {"protobuf"}
    }
    assert {name for name, home in homes.items() if not home & declared} == set()
