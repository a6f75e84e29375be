"""What a run will cost: seconds and memory, measured on one batch before any time is spent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from physadv.core.errors import BadOption
from physadv.core.problem.patch_problem import Attack, PatchProblem
from physadv.core.types import PatchImage, Step
from physadv.engines.judging.collect import Keeping, observe
from physadv.engines.judging.evaluate import shown_of
from physadv.engines.judging.trial import Group, Trial
from physadv.parts.patches.controls import CLEAN, PATCH

MB = 1e6
MAX_PICTURES = 8  # a step on a CPU that are measured; more cost that much more
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


class _Nowhere:
    """Checkpoints that are not kept."""

    def load(self) -> None:
        return None

    def save(self, state: dict[str, Any]) -> None: ...


def measured_steps(problem: PatchProblem, attack: Attack) -> StepCost:
    """Take two steps as the run would, and leave the problem as it was.

    On a CPU a large batch is measured on a part of it, because time there grows with the pictures.
    """
    budget = problem.budget
    batch = budget.batch if _whole(problem) else MAX_PICTURES
    draws = 1 if budget.batch * budget.draws > MAX_PICTURES and problem.engine.device.type == "cpu" else budget.draws
    small = replace(budget, steps=TRIED_STEPS, batch=batch, draws=draws, held_out=min(budget.held_out, batch))
    clock = _Clock()
    with _restored(problem), _enough_memory("budget.batch"):
        attack.run(replace(problem, budget=small), [clock], _Nowhere())
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


@contextmanager
def _enough_memory(option: str) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise BadOption(
            f"one batch does not fit into the memory of the device: choose a smaller {option} ({str(error)[:90]}…)"
        ) from error


def measured_judging(trial: Trial, groups: list[Group], images: int, *, measure: bool = True) -> float:
    """Seconds that the whole judgement takes: ``images`` are shown as they are and with the patch, to every victim.

    ``measure`` says whether the pictures are compared with the clean ones, too.
    """
    shown = shown_of(trial)
    pair = {name: shown[name] for name in (CLEAN, PATCH)}
    keeping, total = Keeping(trial.protocol.kept_from, measure=measure), 0.0
    for group in groups:
        with _enough_memory("judge.batch"):
            _show(group, 1, pair, keeping)  # warms up
            few = min(images, len(group.showing))
            seconds = timed(partial(_show, group, few, pair, keeping))
        total += seconds / few * len(group.showing) * len(shown) / len(pair)
    return total


def _show(group: Group, images: int, shown: Mapping[str, PatchImage], keeping: Keeping) -> None:
    observe(replace(group.showing, images=images), shown, group.watched, lambda done, total: None, keeping)


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def peak_memory(device: torch.device) -> str:
    """The most memory that this process has had so far, in words; "" where the system does not tell."""
    words = []
    if device.type == "cuda":
        words.append(f"{torch.cuda.max_memory_allocated(device) / MB:,.0f} MB on the device")
    if sys.platform != "win32":
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        words.append(f"{peak / MB:,.0f} MB of main memory")
    return " and ".join(words)


def duration(seconds: float) -> str:
    """As people say it: 8 s, 3 min 20 s, 5 h 10 min, 2 d 3 h."""
    if seconds < 9.95:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    for large, big, small, little in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {big}" + (f" {rest} {little}" if rest else "")
    return f"{whole} s"


@dataclass(frozen=True)
class Part:
    """One part of a run."""

    name: str
    seconds: float
    of: str  # what it consists of


@dataclass(frozen=True)
class Forecast:
    """Parts of a run, and how long each takes."""

    device: torch.device
    parts: tuple[Part, ...]
    whole: bool = True  # whether a whole batch was measured; memory grows with it

    @property
    def total_s(self) -> float:
        """All of it."""
        return sum(part.seconds for part in self.parts)

    def words(self) -> str:
        """One line."""
        count = torch.get_num_threads()
        threads = f" with {count} thread{'s' * (count > 1)}" if self.device.type == "cpu" else ""
        parts = [f"{part.name} {duration(part.seconds)}{f' ({part.of})' if part.of else ''}" for part in self.parts]
        memory = peak_memory(self.device)
        told = f"; {'' if self.whole else 'at least '}{memory}" if memory else ""
        return f"about {duration(self.total_s)} on {self.device}{threads}: {', '.join(parts)}{told}"


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


def judging_part(trial: Trial, groups: list[Group]) -> Part:
    """What judging costs."""
    images = sum(len(group.showing) for group in groups) * trial.draws
    return Part("judging", measured_judging(trial, groups, min(trial.batch, MAX_PICTURES)), f"{images} images")


def cells_part(trial: Trial, groups: list[Group], cells: int) -> Part:
    """What the cells of a grid cost, each as much as this one."""
    images = sum(len(group.showing) for group in groups) * trial.draws
    seconds = measured_judging(trial, groups, min(trial.batch, MAX_PICTURES), measure=False)
    return Part("judging", cells * seconds, f"{cells} cells of {images} images")


def _whole(problem: PatchProblem) -> bool:
    return problem.engine.device.type != "cpu" or problem.budget.batch <= MAX_PICTURES
