"""Atari games of the Arcade Learning Environment as worlds. Importing this imports neither torch nor ale-py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physadv.api import BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch
    from physadv.api import World

physadv_api = 2
physadv_permissions = ()


@dataclass
class AtariConfig:
    game: str = "pong"  # as ALE names it: pong, breakout, space_invaders
    sticky: float = 0.0  # chance of a frame to repeat the action before; 0.25 in ALE's own protocol
    noops: int = 30  # an episode begins after up to so many frames in which nothing is done
    skip: int = 4  # frames that an action is held; the picture is the brighter of the last two
    size_px: int = 84  # side of the picture
    stack: int = 4  # grey pictures that are seen at once
    max_steps: int = 27000  # decisions: half an hour of play


def build_atari(config: AtariConfig) -> World:
    """Raises :class:`BadOption` for what cannot be; ALE and torch are imported here."""
    if not 0 <= config.sticky < 1:
        raise BadOption(f"world.sticky is a chance from 0 to below 1, got {config.sticky:g}")
    if config.noops < 0:
        raise BadOption(f"world.noops must not be negative, got {config.noops}")
    for name, value, most in (("skip", config.skip, 60), ("stack", config.stack, 64)):
        if not 1 <= value <= most:
            raise BadOption(f"world.{name} must be within 1 and {most}, got {value}")
    if config.size_px < 8 or config.max_steps < 1:
        raise BadOption("world.size_px must be at least 8, and world.max_steps at least 1")
    from physadv_atari.world import build

    return build(config)


@hookimpl
def physadv_worlds() -> Iterable[Entry[Any, World]]:
    """Offer the games as ``world=atari``."""
    return [
        Entry(
            "atari", AtariConfig, build_atari, "an Atari game, seen in grey", "Bellemare et al. 2013, arXiv:1207.4708"
        )
    ]


@hookimpl
def physadv_config_dirs() -> Iterable[str]:
    """The plugin's own presets."""
    return [str(Path(__file__).resolve().parent / "conf")]
