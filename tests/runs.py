"""Finished runs that many tests only read: made once by whoever needs them first, whichever worker that is."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import physadv
from tests.small import SMALL_ROAD

QUICK = ["size=smoke", "progress=false", *SMALL_ROAD, "scenes.distance_m=[4,10]"]
"""Of a run that takes seconds."""


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` as ``make`` leaves it: all workers of a test run share it, so nobody may write into it."""
    mine = factory.getbasetemp()
    shared = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "made-once"
    shared.mkdir(exist_ok=True)
    made = shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(shared / name, ignore_errors=True)  # of one that failed
            make(shared / name)
            made.touch()
    return shared / name


def make_run(out: Path) -> None:
    """The main job in its smallest form."""
    done = physadv("generate", *QUICK, f"out={out}")
    assert done.returncode == 0, done.stderr
