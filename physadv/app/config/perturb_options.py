"""Options of ``physadv perturb``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.app.config.schema import RunConfig
from physadv.core.errors import BadOption
from physadv.core.problem.norm import Norm


@dataclass
class PerturbConfig(RunConfig):
    name: str = "perturb"  # of the story, for folder and report
    scenes: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)
    defense: Any = field(default_factory=dict)
    goal: Any = field(default_factory=dict)  # of a detector; a classifier shall be wrong
    attack: Any = field(default_factory=dict)
    attacks: list[Any] = field(default_factory=list)  # several, side by side: part names, or {part: ..., option: ...}
    norm: Norm | None = None  # linf, l2, l1, l0; null: the first of them that the attack takes
    eps: Any = None  # largest change: 8/255, a list for a curve, smallest; null: 8/255, unless the attack takes none
    targets: str = ""  # label that pictures shall be taken for, or next, second, least-likely, random; empty: any other
    grey: bool | None = None  # change all colours alike; null: of a classifier, where its first pictures are grey
    threat: Any = None  # white, scores, decisions, transfer, or a list of them; null: what the attack needs
    surrogate: Any = None  # the victim that threat=transfer attacks: a part name, or {part: ..., option: ...}
    budget: int = 0  # questions a picture of attacks without gradients; 0: as many as they ask
    restarts: int = 1  # of each attack, on pictures that it has not fooled
    images: int = 100  # pictures to attack, at most; 0: all there are
    batch: int = 50  # pictures at a time
    shown: int = 6  # pictures of each attack on the page


def check_perturb(config: PerturbConfig) -> None:
    """Raise :class:`BadOption` for numbers with which nothing could run."""
    minimum = {"budget": 0, "restarts": 1, "images": 0, "batch": 1, "shown": 0}
    for name, least in minimum.items():
        if getattr(config, name) < least:
            raise BadOption(f"{name} must be at least {least}, got {getattr(config, name)}")
