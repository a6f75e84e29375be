"""Tests that share what is made once for their file go to one worker together."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest


def test_a_file_with_a_fixture_of_its_own_is_one_piece_of_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist, of the extra dev")
    from tests import scheduling

    monkeypatch.setattr(scheduling, "ROOT", tmp_path)
    (tmp_path / "test_a.py").write_text('@pytest.fixture(scope="module")\ndef costly(): ...\n')
    (tmp_path / "test_b.py").write_text("@pytest.fixture\ndef cheap(): ...\n")
    piece = scheduling.FixturesTogether.__new__(scheduling.FixturesTogether)._split_scope
    assert piece("test_a.py::test_x[1]") == piece("test_a.py::test_y") == "test_a.py"
    assert piece("test_b.py::test_x") != piece("test_b.py::test_y")


def test_the_longest_begin_first() -> None:
    from tests.scheduling import longest_first

    items = [SimpleNamespace(name=n, get_closest_marker=lambda _, m=m: m) for n, m in (("a", None), ("b", 1), ("c", 1))]
    longest_first(items)  # type: ignore[arg-type]
    assert [item.name for item in items] == ["b", "c", "a"]
