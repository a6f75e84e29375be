"""Options of environments of Gymnasium as worlds, and what they refuse. Imports neither torch nor Gymnasium."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import OPENS, TRUSTS

PICTURES = ("observation", "render")


@dataclass
class GymnasiumConfig:
    """Options of :class:`GymnasiumWorld`."""

    id: str = field(default="", metadata=TRUSTS)  # CarRacing-v3, or module:Name-v0, whose module is imported
    arguments: list[str] = field(default_factory=list, metadata=OPENS)  # of the environment: [continuous:false]
    wrappers: list[str] = field(default_factory=list, metadata=TRUSTS)  # module:Class, the innermost first
    picture: str = "observation"  # or render: what the environment draws for people
    size_px: list[int] = field(default_factory=list)  # height and width; empty = as the environment has it
    grey: bool = False  # pictures in grey
    stack: int = 1  # pictures that are seen at once, the newest last
    skip: int = 1  # steps that an action is held; the picture is the brighter of the last two, as for Atari
    actions: list[str] = field(default_factory=list)  # their names, in order; empty = 0, 1, 2, ...
    max_steps: int = 0  # decisions until an episode has ended; 0 = as the environment says
    step_s: float = 0.0  # seconds between two decisions; 0 = as the environment says


def check_gymnasium(config: GymnasiumConfig) -> None:
    """Raise :class:`BadOption` for what cannot be, without importing anything."""
    if not config.id:
        raise BadOption("world.id is missing: the name of an environment of Gymnasium, such as CarRacing-v3")
    if config.picture not in PICTURES:
        raise BadOption(f"world.picture must be {' or '.join(PICTURES)}, got {config.picture!r}")
    if config.size_px and (len(config.size_px) != 2 or min(config.size_px) < 8):
        raise BadOption(f"world.size_px must be [height,width] of at least 8 each, got {config.size_px}")
    for name, value in (("stack", config.stack), ("skip", config.skip)):
        if not 1 <= value <= 64:
            raise BadOption(f"world.{name} must be within 1 and 64, got {value}")
    if config.max_steps < 0 or config.step_s < 0:
        raise BadOption("world.max_steps and world.step_s must not be negative")
    for word in (*config.arguments, *config.wrappers):
        if not all(word.partition(":")):
            raise BadOption(
                f"world.arguments lists name:value and world.wrappers module:Class, got {word!r}. "
                "Example: world.arguments=[continuous:false]"
            )
