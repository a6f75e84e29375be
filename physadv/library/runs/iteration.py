"""The loop around the steps of an attack: which iterate is best, when steps shrink, and how to go on after a stop.

An attack brings a :class:`Stepper`; :func:`iterate` asks it for one step after another and does the rest.

    held-out scenes and draws, fixed, chosen before the first step
    step 1 … step 10 → measure on them: better? keep the patch : count → save everything → step 11 …
                                          └ patience used up: stepper.stalled()

Every step gets a generator of its own, seeded by the run's seed and the step's number. So a run that was killed and
resumed gives the same patch, bit for bit, as one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from physadv.core.errors import PhysadvError
from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.protocols import Checkpoints, Observer
from physadv.core.seeding import generator
from physadv.core.types import Draws, PatchImage, SceneBatch, Step
from physadv.library.runs.checkpoints import restoring


class Stepper(Protocol):
    """Changes the patch, one step after another."""

    def step(self, problem: PatchProblem, index: int, random: torch.Generator) -> Step:
        """Change ``problem.patch`` once and return the outcome. All randomness comes from ``random``."""
        ...

    def exhausted(self) -> bool:
        """Whether no further step is worth its time; the run then ends before its budget does."""
        ...

    def stalled(self) -> None:
        """The held-out loss has not fallen for a while: take smaller steps, or do nothing."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs besides the patch: tensors, numbers, strings, lists and dicts of them."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> Any: ...


@dataclass(frozen=True)
class Schedule:
    """When the loop looks."""

    check_every: int = 10  # steps between measurements on the held-out draws, and between checkpoints
    patience: int = 5  # measurements without progress before the stepper is told


@dataclass
class _Progress:
    """State that has to survive a stop besides the patch and the stepper."""

    step: int = 0
    best: float = math.inf
    stale: int = 0  # measurements since the best one


@dataclass(frozen=True)
class _HeldOut:
    """Fixed scenes and draws that no step optimises on; they choose the best iterate."""

    scenes: tuple[SceneBatch, ...]
    draws: tuple[Draws, ...]

    @torch.no_grad()
    def loss(self, problem: PatchProblem) -> Tensor:
        patch = problem.patch()
        losses = [
            problem.objective.measure(problem.renderer.render(scene, patch, draws), scene).loss.mean()
            for scene, draws in zip(self.scenes, self.draws, strict=True)
        ]
        return torch.stack(losses).mean() + sum(penalty(patch) for penalty in problem.penalties)


def _held_out(problem: PatchProblem) -> _HeldOut:
    random = generator(problem.seed, "held-out")
    count, batch = problem.budget.held_out, problem.budget.batch
    batches = problem.scenes.batches(min(batch, count), random)
    scenes = tuple(next(batches).to(problem.engine.device) for _ in range(math.ceil(count / batch)))
    return _HeldOut(scenes, tuple(problem.renderer.sample(scene, random) for scene in scenes))


def iterate(
    problem: PatchProblem, stepper: Stepper, schedule: Schedule, observers: Iterable[Observer], checkpoints: Checkpoints
) -> PatchImage:
    """Ask for ``problem.budget.steps`` steps and return the iterate that did best on the held-out draws.

    The patch comes back on the CPU, without gradient. Raises :class:`PhysadvError` when the loss is not a number.
    """
    observers = tuple(observers)
    progress, best = _resumed(checkpoints.load(), problem, stepper)
    held_out = _held_out(problem)
    for observer in observers:
        observer.started(problem.budget.steps, progress.step)
    try:
        while progress.step < problem.budget.steps and not stepper.exhausted():
            step = stepper.step(problem, progress.step, generator(problem.seed, f"step {progress.step}"))
            progress.step += 1
            if progress.step % schedule.check_every == 0 or progress.step == problem.budget.steps:
                step, best = _checked(problem, stepper, schedule, progress, held_out, step, best)
            for observer in observers:
                observer.stepped(step)
            if step.held_out is not None:  # after the observers: what a kill in between repeats, they tell again
                checkpoints.save(_state(problem, stepper, progress, best))
    finally:
        for observer in observers:
            observer.ended()
    problem.patch.load_state_dict(best)
    with torch.no_grad():  # as it was measured: some patches explore while gradients are recorded
        return _detached(problem.patch())


def _checked(
    problem: PatchProblem, stepper: Stepper, schedule: Schedule, progress: _Progress, held_out: _HeldOut, step: Step,
    best: dict[str, Tensor],
) -> tuple[Step, dict[str, Tensor]]:  # fmt: skip
    loss = held_out.loss(problem).item()
    if not math.isfinite(loss):
        raise PhysadvError(
            f"the loss became {loss} at step {progress.step}: lower attack.lr, or check the victim's file"
        )
    if loss < progress.best:
        progress.best, progress.stale, best = loss, 0, _copy(problem.patch.state_dict())
    else:
        progress.stale += 1
        if progress.stale >= schedule.patience:
            progress.stale = 0
            stepper.stalled()
    return replace(step, held_out=loss), best


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def _detached(patch: PatchImage) -> PatchImage:
    return replace(patch, srgb=patch.srgb.detach().cpu(), alpha=patch.alpha.detach().cpu())


def _state(problem: PatchProblem, stepper: Stepper, progress: _Progress, best: dict[str, Tensor]) -> dict[str, Any]:
    return {
        "patch": problem.patch.state_dict(), "best": best, "optimizer": stepper.state_dict(),
        "step": progress.step, "best_loss": progress.best, "stale": progress.stale,
        "queries": problem.objective.queries.images,
        "practice": problem.hardening.state_dict() if problem.hardening else {},
    }  # fmt: skip


def _resumed(
    state: dict[str, Any] | None, problem: PatchProblem, stepper: Stepper
) -> tuple[_Progress, dict[str, Tensor]]:
    if state is None:
        return _Progress(), _copy(problem.patch.state_dict())
    with restoring("the checkpoint"):
        best = state["best"]
        problem.patch.load_state_dict(best)  # only to see now, and not after the last step, whether it fits
        problem.patch.load_state_dict(state["patch"])
        stepper.load_state_dict(state["optimizer"])
        if problem.hardening:
            problem.hardening.load_state_dict(state["practice"])
        progress = _Progress(int(state["step"]), float(state["best_loss"]), int(state["stale"]))
        problem.objective.queries.images = int(state["queries"])
        if progress.step < 0 or math.isnan(progress.best):
            raise ValueError(f"step {progress.step}, loss {progress.best}")
    return progress, best
