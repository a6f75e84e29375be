"""Options of alarms. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class AlarmConfig:
    of: str = "chroma"  # defence whose search for patches raises the alarm: it removes nothing here
    threshold: float = 0.0  # on its highest score of 3 x 3 blocks; 0: by clean pictures
    clean: str = ""  # folder of photos without patches, on which the threshold is set
    clean_px: int = 416  # to which the longer side of those is shrunk: as large as the pictures to be defended
    rate: float = 0.01  # false alarms on them


def check_alarm(config: AlarmConfig) -> None:
    """Refuse an alarm without anything to set its threshold on."""
    if config.threshold < 0:
        raise BadOption(f"defense.threshold of alarm must be positive, got {config.threshold:g}")
    if not 0 < config.rate < 1:
        raise BadOption(f"defense.rate of alarm is a share of clean pictures above 0, below 1, got {config.rate:g}")
    if config.clean_px < 1:
        raise BadOption(f"defense.clean_px of alarm must be at least 1, got {config.clean_px}")
    if not config.threshold and not config.clean:
        raise BadOption(
            "alarm has no clean pictures to set its threshold on. Name a folder of photos without patches, "
            f"defense.clean=FOLDER, {1 / config.rate:.0f} or more for {100 * config.rate:g} % false alarms; or give "
            "defense.threshold"
        )
