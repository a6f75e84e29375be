"""Testing vision systems against attacks that can be printed. Importing this imports neither torch nor hydra."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from physadv.core.version import __version__

if TYPE_CHECKING:
    from physadv.app.python.call import run
    from physadv.app.python.loading import load
    from physadv.core.errors import PhysadvError

_HOME = {
    "PhysadvError": "physadv.core.errors",
    "load": "physadv.app.python.loading",
    "run": "physadv.app.python.call",
}

__all__ = ["PhysadvError", "__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'physadv' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
