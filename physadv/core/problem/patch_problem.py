"""The problem of an attack that optimises a print, and the contract of that attack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from physadv.core.problem.objective import Objective
from physadv.core.protocols import Checkpoints, Engine, Hardening, Observer, PatchModel, Penalty
from physadv.core.scene_protocols import Renderer, SceneSource
from physadv.core.types import PatchImage


@dataclass(frozen=True)
class Budget:
    """How much an attack may spend."""

    steps: int
    batch: int  # images a step
    draws: int  # sampled conditions for each of them
    held_out: int  # images whose fixed draws select the best patch


@dataclass(frozen=True)
class PatchProblem:
    """All that an attack on a patch may see."""

    scenes: SceneSource
    patch: PatchModel
    renderer: Renderer
    objective: Objective
    penalties: tuple[Penalty, ...]
    budget: Budget
    seed: int
    engine: Engine
    hardening: Hardening | None = None  # how the conditions are made harder while optimising


class Attack(Protocol):
    """A loop that changes the patch."""

    @property
    def needs_gradient(self) -> bool: ...
    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage: ...


Problem = PatchProblem
"""Its name before there were others; plugins may use it for one release more."""
