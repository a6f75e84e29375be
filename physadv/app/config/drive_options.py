"""Options of ``physadv drive``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.app.config.schema import BudgetConfig, RunConfig
from physadv.core.errors import BadOption
from physadv.core.problem.norm import Norm


@dataclass
class OverlayConfig:
    """The square that means=overlay pastes over every picture."""

    side_px: Any = 8  # of the square, in pixels of what the policy sees; a list for several
    left_px: int | None = None  # its left edge; null: in the middle
    top_px: int | None = None  # its upper edge; null: in the middle


@dataclass
class DriveConfig(RunConfig):
    name: str = "drive"  # of the story, for folder and report
    world: Any = field(default_factory=dict)
    worlds: list[Any] = field(
        default_factory=list
    )  # further ones in which the print is hung: part names, or {part: ...}
    policy: Any = field(default_factory=dict)
    policies: list[Any] = field(default_factory=list)  # several, side by side: part names, or {part: ..., option: ...}
    victim: Any = field(default_factory=dict)  # that a controller looks through; other policies bring their own
    defense: Any = field(default_factory=dict)
    means: Any = (
        None  # noise, universal, overlay, print, a list, or []; null: print where the world has slots, else noise
    )
    threat: Any = None  # white, transfer, or both; null: white, and transfer where a surrogate or a defense is
    surrogate: Any = None  # the policy that threat=transfer attacks; null: the undefended one, then the other policies
    attack: Any = field(default_factory=dict)  # of means=noise, on each picture
    attacks: list[Any] = field(default_factory=list)  # several, side by side: part names, or {part: ..., option: ...}
    norm: Norm | None = None  # linf, l2, l1, l0; null: the first of them that the attack takes
    eps: Any = None  # largest change: 1/255, a list for several; null: 8/255, unless the attack takes none
    aim: str = "away"  # from its own action; an action's name; no-NAME: any but that; least: that it values least; lure
    horizon: int = 8  # steps that aim=lure looks ahead
    beta: float = 0.0  # attack when the policy's preference is at least this; 0: every step
    attacked_steps: int = 0  # of an episode, at most; 0: no bound
    overlay: OverlayConfig = field(default_factory=OverlayConfig)
    slot: str = ""  # where the print hangs; empty: the world's first
    goal: Any = field(default_factory=dict)  # of a policy with a detector; others shall act as aim says
    patch: Any = field(default_factory=dict)
    ink: Any = field(default_factory=dict)
    penalties: Any = field(default_factory=dict)
    search: Any = "eot-adam"  # the attack that makes the print: a part name, or {part: cma-es, option: ...}
    budget: BudgetConfig = field(
        default_factory=lambda: BudgetConfig(steps=60, batch=48, draws=1, held_out=96)
    )  # of search; its steps and batch also those of universal and overlay
    rounds: int = 2  # in each the moments are collected anew, under the print as it is by then
    moments: int = 600  # that are looked at, of episodes that are not judged
    practice: int = 64  # episodes in which they are collected
    episodes: int = 100  # to judge on
    batch: int = 32  # episodes side by side
    quantised: bool = True  # round what the policy sees to 8 bits a colour, after any attack
    shown: int = 3  # films of each attack: the worst episode, the typical one, the best
    paper: str = "a4"  # of the print sheet: a4, letter, a3 or WIDTHxHEIGHT in mm


def check_drive(config: DriveConfig) -> None:
    """Raise :class:`BadOption` for numbers with which nothing could run."""
    minimum = {"rounds": 1, "moments": 1, "practice": 1, "episodes": 1, "batch": 1, "shown": 0}
    for name, least in minimum.items():
        if getattr(config, name) < least:
            raise BadOption(f"{name} must be at least {least}, got {getattr(config, name)}")
    for name in ("steps", "batch", "draws", "held_out"):
        if getattr(config.budget, name) < 1:
            raise BadOption(f"budget.{name} must be at least 1, got {getattr(config.budget, name)}")
    if config.shown > 3:
        raise BadOption(f"shown counts the worst, the typical and the best episode: 3 at most, got {config.shown}")
