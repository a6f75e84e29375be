"""The shipped print can be read, is small, and a folder of its name is still reached."""

from __future__ import annotations

from pathlib import Path

from physadv.library.files.patches import load_patch
from physadv.library.files.shipped_print import file_of


def test_the_shipped_print_is_a_chest_print_with_its_card_beside_it() -> None:
    file = Path(file_of("demo"))
    patch = load_patch(file)
    assert patch.width_mm == 400.0
    assert file.stat().st_size <= 200_000
    assert "grey" in file.with_suffix(".md").read_text()


def test_other_names_are_files_of_the_user() -> None:
    assert file_of("./demo") == "./demo"
    assert file_of("runs/mine") == "runs/mine"
