"""Fixtures every test may use. Threads are pinned: spinning OpenMP threads make small machines many times slower."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # before torch is imported by any test
    os.environ.setdefault(variable, "1")

# what tests seal is not sealed for the user
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="physadv-tests-")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photos and real weights beside the checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the real photos and weights in ../shared, which are not part of the repository")
    return SHARED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is exhaustive, unless ``-m`` or a test's own name asks for it."""
    if "exhaustive" in config.option.markexpr or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
