"""What is built is what is there: every package and every data file travels in the wheel."""

from __future__ import annotations

import tomllib
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
