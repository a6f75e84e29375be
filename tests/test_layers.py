"""Who may import whom. Reads the source; imports nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "physadv"
LEVEL = {
    0: "types errors seeding colour colour_difference labels images atomic patch_files ink splitting boards names "
    "hdr_stills digests checkpoints reach reading run_files masking plain_json terminal",
    1: "protocols hookspecs api classifier ensemble objective iteration",
    2: "scenes patches render printing victims goals attacks metrics report twin frames fiducials calibration tracking",
    3: "registry guards config testing doctor",
    4: "pipelines",
    5: "cli",
}
LEVEL_OF = {name: level for level, names in LEVEL.items() for name in names.split()}


def imports_of(file: Path) -> set[str]:
    """Dotted names of everything of ours that a file imports, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("physadv.")}


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda f: str(f.relative_to(PACKAGE)))
def test_a_file_imports_only_lower_layers(file: Path) -> None:
    own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for name in imports_of(file):
        parts = name.split(".")
        if parts[1] == own or parts[1] not in LEVEL_OF:
            continue  # its own package, or a name, not a module: `from physadv import __version__`
        theirs, ours = LEVEL_OF[parts[1]], LEVEL_OF[own]
        below = theirs < ours or theirs == ours != 2  # packages of level 2 never know each other
        assert below, f"{own} (level {ours}) must not import {name}"


@pytest.mark.parametrize("file", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda f: f.name)
def test_a_plugin_imports_only_the_api(file: Path) -> None:
    allowed = {"physadv.api", "physadv.testing"}
    ours = {".".join(name.split(".")[:2]) for name in imports_of(file)}
    assert ours <= allowed


def test_no_file_outgrows_its_subject() -> None:
    long = {str(f.relative_to(ROOT)): n for f in PACKAGE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 400}
    assert not long
