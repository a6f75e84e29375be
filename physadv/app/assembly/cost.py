"""The cost of a run in seconds and memory, measured on one batch before any time is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from physadv.core.problem.patch_problem import Attack, PatchProblem
from physadv.core.types import Step
from physadv.engines.judging.cost import judging_part
from physadv.engines.judging.trial import Group, Trial
from physadv.library.runs.checkpoints import NoCheckpoints
from physadv.library.runs.forecast import MAX_PICTURES, Forecast, Part, duration, enough_memory, timed

TRIED_STEPS = 2  # the first one warms up


@dataclass(frozen=True)
class StepCost:
    """Of optimising."""

    step_s: float
    check_s: float  # of a look at the held-out draws


class _Clock:
    """An observer that reads the clock."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._before = time.perf_counter()
        self.check_s = 0.0

    def started(self, total: int, first: int) -> None:
        self._before = time.perf_counter()

    def stepped(self, step: Step) -> None:
        now = time.perf_counter()
        self.seconds.append(step.seconds)
        if step.held_out is not None:
            self.check_s = max(now - self._before - step.seconds, 0.0)
        self._before = now

    def ended(self) -> None: ...


def measured_steps(problem: PatchProblem, attack: Attack) -> StepCost:
    """Take two steps as the run would, and leave the problem as it was.

    On a CPU a large batch is measured on a part of it, because time there grows with the pictures.
    """
    budget = problem.budget
    batch = budget.batch if _whole(problem) else MAX_PICTURES
    draws = 1 if budget.batch * budget.draws > MAX_PICTURES and problem.engine.device.type == "cpu" else budget.draws
    small = replace(budget, steps=TRIED_STEPS, batch=batch, draws=draws, held_out=min(budget.held_out, batch))
    clock = _Clock()
    with _restored(problem), enough_memory("budget.batch"):
        attack.run(replace(problem, budget=small), [clock], NoCheckpoints())
    pictures = budget.batch * budget.draws / (batch * draws)
    return StepCost(clock.seconds[-1] * pictures, clock.check_s * budget.held_out / small.held_out)


def seconds_of_steps(cost: StepCost, steps: int, check_every: int) -> float:
    """All steps, with the looks at the held-out draws in between."""
    return steps * cost.step_s + (steps // check_every if check_every else 1) * cost.check_s


@contextmanager
def _restored(problem: PatchProblem) -> Iterator[None]:
    """Put patch and hardening back as they were."""
    patch = {name: value.detach().clone() for name, value in problem.patch.state_dict().items()}
    hardening = problem.hardening.state_dict() if problem.hardening else None
    try:
        yield
    finally:
        problem.patch.load_state_dict(patch)
        if problem.hardening and hardening is not None:
            problem.hardening.load_state_dict(hardening)


def forecast(
    problem: PatchProblem,
    attack: Attack,
    check_every: int,
    trial: Trial,
    groups: list[Group],
    sheet: Callable[[], object],
) -> Forecast:
    """Of optimising, printing and judging; ``sheet`` writes a print sheet."""
    budget = problem.budget
    optimising = seconds_of_steps(step := measured_steps(problem, attack), budget.steps, check_every)
    parts = (
        Part("optimising", optimising, f"{budget.steps} steps of {duration(step.step_s)}"),
        Part("sheet", timed(sheet), ""),
        judging_part(trial, groups),
    )
    return Forecast(problem.engine.device, parts, _whole(problem))


def _whole(problem: PatchProblem) -> bool:
    return problem.engine.device.type != "cpu" or problem.budget.batch <= MAX_PICTURES
