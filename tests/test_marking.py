"""Tests that start Python, or wait for a run, are marked slow by themselves."""

from __future__ import annotations

import pytest

from tests.marking import starts_python, waits_for_a_run

pytest_plugins = "pytester"

MODULE = """
import subprocess, sys
import pytest
from tests.running import physadv

def _deep():
    subprocess.run([sys.executable, "-c", ""], check=True)

def _through():
    _deep()

@pytest.fixture
def started():
    _deep()

@pytest.fixture
def run():
    physadv("generate")

def test_itself(): [sys.executable]
def test_through_a_function(): _through()
def test_through_a_fixture(started): pass
def test_reads_a_run(run): pass
def test_runs(): physadv("generate", "sede=1")
"""


def test_marks_come_from_the_code(pytester: pytest.Pytester) -> None:
    items = {item.name: item for item in pytester.getitems(MODULE) if isinstance(item, pytest.Function)}
    assert [name for name, item in items.items() if starts_python(item)] == [
        "test_itself",
        "test_through_a_function",
        "test_through_a_fixture",
    ]
    assert [name for name, item in items.items() if waits_for_a_run(item)] == ["test_reads_a_run"]
