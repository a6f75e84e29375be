"""Testing vision systems against attacks that can be printed."""

__version__ = "0.1.0"
