"""Tests that start Python are marked slow by themselves, and what shares a fixture stays together."""

from __future__ import annotations

import pytest

pytest_plugins = "pytester"

MODULE = """
import subprocess, sys
import pytest

def _deep():
    subprocess.run([sys.executable, "-c", ""], check=True)

def _through():
    _deep()

@pytest.fixture
def started():
    _deep()

@pytest.fixture(scope="module")
def dear():
    return 1

def test_itself(): [sys.executable]
def test_through_a_function(): _through()
def test_through_a_fixture(started): pass
def test_with_others(dear): pass
def test_alone(): pass
"""


def test_marks_come_from_the_code(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.marking import shares_with_module, starts_python

    items = {item.name: item for item in pytester.getitems(MODULE) if isinstance(item, pytest.Function)}
    assert [name for name, item in items.items() if starts_python(item)] == [
        "test_itself",
        "test_through_a_function",
        "test_through_a_fixture",
    ]
    assert [name for name, item in items.items() if shares_with_module(item)] == ["test_with_others"]
