"""The plugin is found beside its tests, installed or not; real weights lie beside the checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

PLUGIN = Path(__file__).resolve().parents[1]
SHARED = PLUGIN.parents[2] / "shared"
sys.path.insert(0, str(PLUGIN))


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "weights").is_dir():
        pytest.skip("needs the real pictures and weights in ../shared, which are not part of the repository")
    return SHARED
