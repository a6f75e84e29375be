"""Testing vision systems against attacks that can be printed. Importing this imports neither torch nor hydra."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from physadv.core.version import __version__

if TYPE_CHECKING:
    from physadv import api
    from physadv.app.python.call import run
    from physadv.app.python.loading import load
    from physadv.app.python.other_runs import GridRun, PerturbRun, WatchRun
    from physadv.app.python.results import Run
    from physadv.app.python.study_run import StudyRun
    from physadv.app.python.written import Answer, Files
    from physadv.core.errors import PhysadvError

_HOME = {
    "Answer": "physadv.app.python.written",
    "Files": "physadv.app.python.written",
    "GridRun": "physadv.app.python.other_runs",
    "PerturbRun": "physadv.app.python.other_runs",
    "PhysadvError": "physadv.core.errors",
    "Run": "physadv.app.python.results",
    "StudyRun": "physadv.app.python.study_run",
    "WatchRun": "physadv.app.python.other_runs",
    "load": "physadv.app.python.loading",
    "run": "physadv.app.python.call",
}

__all__ = [
    "Answer", "Files", "GridRun", "PerturbRun", "PhysadvError", "Run", "StudyRun", "WatchRun", "__version__", "api",
    "load", "run",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "api":
        return import_module("physadv.api")
    if name not in _HOME:
        raise AttributeError(f"module 'physadv' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
