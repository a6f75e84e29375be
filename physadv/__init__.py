"""Testing vision systems against attacks that can be printed."""

from physadv.core.version import __version__

__all__ = ["__version__"]
