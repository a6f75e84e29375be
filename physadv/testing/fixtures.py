"""Fixtures of pytest for plugin authors, who ask for them, so that no other project's tests load torch.

    addopts = "-p physadv.testing.fixtures"

Without pytest :mod:`physadv.testing` has the same toys as functions.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.types import SceneBatch
from physadv.testing.toys import ToyDetector, ToyScenes, one_scene, toy_problem


@pytest.fixture
def physadv_scene() -> SceneBatch:
    """Two grey images of 32 × 32 with one board each."""
    return one_scene(2)


@pytest.fixture
def physadv_scenes() -> ToyScenes:
    """A source of such images."""
    return ToyScenes()


@pytest.fixture
def physadv_victim() -> ToyDetector:
    """Reports the board, the surer the redder it is: the best patch that hides it has no red."""
    return ToyDetector()


@pytest.fixture
def physadv_problem() -> PatchProblem:
    """Thirty steps against that victim; the patch begins grey."""
    return toy_problem()


@pytest.fixture
def physadv_run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty run folder; the test stands in the folder above, as a user does."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "test"
    folder.mkdir(parents=True)
    return folder
