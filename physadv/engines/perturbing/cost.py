"""The cost of a judgement, from one picture under every attack."""

from __future__ import annotations

import time
from dataclasses import replace

from physadv.core.types import Step
from physadv.engines.perturbing.attempt import attempted
from physadv.engines.perturbing.run import Looked, PerturbTask, batches, check_some
from physadv.library.runs.forecast import Forecast, Part, enough_memory

TRIED = 2  # pictures
LONGEST_S = 30.0  # of one measurement, after which the rest is told from what was made


class _TimeUp(Exception):
    pass


class _Deadline:
    """Ends an attack that takes longer than a look should, and knows how far it came."""

    def __init__(self) -> None:
        self.begun, self.share = time.perf_counter(), 0.0

    def started(self, total: int, first: int) -> None: ...

    def stepped(self, step: Step) -> None:
        self.share = (step.index + 1) / max(step.total, 1)
        if time.perf_counter() - self.begun > LONGEST_S:
            raise _TimeUp

    def ended(self) -> None: ...


def perturb_forecast(task: PerturbTask) -> Forecast:
    """Attack by attack; each is made on the first two pictures that are recognised."""
    looked = _first(task)
    rows = looked.attacked[:TRIED]
    check_some(len(looked.pictures.keys), len(rows))
    few = looked.pictures.pick(rows)
    targets = None if looked.targets is None else looked.targets[rows]
    parts = []
    for arm in task.arms:
        clock = _Deadline()
        with enough_memory("batch"):
            try:
                attempted(
                    arm, task.subject, few, targets, [clock], seed=task.seed, restarts=1, budget=task.budget_of(arm)
                )
                share = 1.0
            except _TimeUp:
                share = max(clock.share, 1e-3)
        seconds = (time.perf_counter() - clock.begun) / share * len(task.scenes) / len(rows)
        parts.append(Part(arm.key, seconds * task.restarts, f"{len(task.scenes)} pictures"))
    return Forecast(task.device, tuple(parts), whole=False)


def _first(task: PerturbTask) -> Looked:
    small = replace(task, batch=min(task.batch, 8))
    looked = next(iter(batches(small)), None)
    if looked is None:
        check_some(0, 0)
    assert looked is not None
    return looked
