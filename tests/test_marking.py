"""Tests that start Python, wait for a run, compute for long or look at what is real are marked slow by themselves."""

from __future__ import annotations

import pytest

from tests.marking import computes_long, is_slow, reads_what_is_real, starts_python, waits_for_a_run

pytest_plugins = "pytester"

MODULE = """
import subprocess, sys
import pytest
from physadv.parts.twin.scenes import TwinScenes
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

def _traced():
    return TwinScenes()

@pytest.fixture
def photo(shared):
    return shared / "a.jpg"

def test_traces(): _traced()
def test_looks(photo): pass
def test_itself(): [sys.executable]
def test_through_a_function(): _through()
def test_through_a_fixture(started): pass
def test_reads_a_run(run): pass
def test_runs(): physadv("generate", "sede=1")
"""


@pytest.mark.slow
def test_marks_come_from_the_code(pytester: pytest.Pytester) -> None:
    items = {item.name: item for item in pytester.getitems(MODULE) if isinstance(item, pytest.Function)}
    assert [name for name, item in items.items() if starts_python(item)] == [
        "test_itself",
        "test_through_a_function",
        "test_through_a_fixture",
    ]
    assert [name for name, item in items.items() if waits_for_a_run(item)] == ["test_reads_a_run"]
    assert [name for name, item in items.items() if computes_long(item)] == ["test_traces"]
    assert [name for name, item in items.items() if reads_what_is_real(item)] == ["test_looks"]
    assert [name for name, item in items.items() if not is_slow(item)] == ["test_runs"]
