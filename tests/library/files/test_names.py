"""Names as a user may give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.label_names import read_names


def test_words_lists_and_files_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("stop\ngive way\n\n")
    (tmp_path / "a.json").write_text('["stop", "give way"]')
    for option in ("stop,give way", "stop, give way", ["stop", "give way"], *map(str, tmp_path.iterdir())):
        assert read_names(option, "victim.labels") == ("stop", "give way")
    assert read_names("face", "victim.labels") == ("face",)
    assert read_names("", "victim.labels") == read_names([], "victim.labels") == ()


def test_numbers_are_names_too() -> None:
    assert read_names([30, 50], "victim.labels") == ("30", "50")


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(BadOption, match=r"victim\.labels has an empty name"):
        read_names("stop,,yield", "victim.labels")


def test_a_missing_file_is_not_taken_for_a_name(tmp_path: Path) -> None:
    for option in ("names.txt", f"{tmp_path}/names", "names.json"):
        with pytest.raises(BadInput, match="cannot be read"):
            read_names(option, "scenes.names")
