"""The plugin is found beside its tests, installed or not; so are policies that were trained on Pong."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
PLUGIN = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PLUGIN))
WEIGHTS = PLUGIN.parents[2] / "shared" / "weights"


@pytest.fixture(scope="session")
def pong_ppo() -> Path:
    """A policy that PPO has trained."""
    return _file("pong_ppo_84.safetensors")


@pytest.fixture(scope="session")
def pong_defended() -> Path:
    """One that was trained against attacks."""
    return _file("pong_ppo_defended_84.safetensors")


def _file(name: str) -> Path:
    if not (WEIGHTS / name).is_file():
        pytest.skip(f"needs the policy {name} in ../shared/weights, which is not part of the repository")
    return WEIGHTS / name
