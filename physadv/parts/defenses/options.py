"""Options of defences. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class NoDefenseConfig:
    pass


@dataclass
class JpegConfig:
    quality: int = 50  # of the file, in percent: 1 to 100


def check_jpeg(config: JpegConfig) -> None:
    """Refuse a quality that no encoder has."""
    if not 1 <= config.quality <= 100:
        raise BadOption(f"defense.quality of jpeg must be from 1 to 100, got {config.quality}")
