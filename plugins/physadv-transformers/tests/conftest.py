"""Skip, with the reason, where transformers is not installed; never reach for the network."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported


@pytest.fixture(scope="session", autouse=True)
def _transformers() -> None:
    reason = "the plugin is not installed: pip install ./plugins/physadv-transformers"
    pytest.importorskip("physadv_transformers", reason=reason)
    pytest.importorskip("transformers", reason=reason)
