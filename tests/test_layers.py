"""The folders are the tiers, and imports go only downwards: the contracts stand in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "physadv"


def imports_of(file: Path, root: str = "physadv") -> set[str]:
    """Dotted names of everything below ``root`` that a file imports, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith(f"{root}.")}


def test_imports_go_only_downwards() -> None:
    pytest.importorskip("importlinter", reason="needs import-linter, of the extra dev")
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda f: f.name)
def test_a_plugin_imports_only_the_api(file: Path) -> None:
    ours = {".".join(name.split(".")[:2]) for name in imports_of(file)}
    assert ours <= {"physadv.api", "physadv.testing"}


def test_benchmarks_and_examples_do_not_need_the_tests() -> None:
    files = [file for folder in ("benchmarks", "examples") for file in (ROOT / folder).glob("*.py")]
    assert [file.name for file in files if imports_of(file, "tests")] == []


@pytest.mark.slow
def test_no_class_name_stands_for_two_things() -> None:
    homes: dict[str, list[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert not {name: files for name, files in homes.items() if len(files) > 1}


def test_no_file_outgrows_its_subject() -> None:
    long = {str(f.relative_to(ROOT)): n for f in PACKAGE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 300}
    assert not long


@pytest.mark.parametrize("entries", sorted((PACKAGE / "parts").rglob("*entries.py")), ids=lambda f: f.parent.name)
def test_a_part_reads_its_options_and_never_its_entries(entries: Path) -> None:
    module = ".".join(entries.relative_to(ROOT).with_suffix("").parts)
    assert (entries.parent / "options.py").is_file()
    assert not [file.name for file in entries.parent.rglob("*.py") if module in imports_of(file)]
