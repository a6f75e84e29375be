"""The cost of a judgement, told from a few steps of each kind."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from physadv.core.access import Task
from physadv.core.worlds import KeepsStates
from physadv.engines.driving.arms import CONTROL, ArmPlan, arms_of
from physadv.engines.driving.hung import printed
from physadv.engines.driving.meddlers import Untouched
from physadv.engines.driving.rollout import Drive, Meddler, roll
from physadv.engines.driving.specs import NOISE, PRINT, Driver, DriveTask
from physadv.engines.driving.workshop import Workshop
from physadv.library.runs.forecast import Forecast, Part, enough_memory

TRIED = 3  # steps


def drive_forecast(task: DriveTask, workshop: Workshop, *, quantised: bool) -> Forecast:
    """Arm by arm, as if every episode lasted as long as it may; and what is made beforehand."""
    parts = []
    batches = -(-len(task.seeds) // task.batch)
    steps = batches * task.worlds[0].max_steps
    for driver in task.drivers:
        drive = Drive(task.worlds[0], driver.policy, workshop.device, quantised)
        plans = arms_of(task, driver, workshop)
        with enough_memory("batch"):
            clean_s = _step_s(drive, task, Untouched())
            noise_s = {plan.key: _step_s(drive, task, plan.meddler({})) for plan in plans
                       if plan.means == NOISE and plan.role != CONTROL}  # fmt: skip
        seconds = sum(steps * noise_s.get(plan.key, clean_s) * _worlds(task, plan) for plan in plans)
        parts.append(Part(driver.policy.name, seconds, f"at most; {len(plans)} arms of {len(task.seeds)} episodes"))
        made = [plan for plan in plans if plan.means not in ("", NOISE) and plan.role != CONTROL]
        if made:
            with enough_memory("budget.batch"):
                making = sum(_making_s(task, driver, workshop, plan) for plan in made)
            parts.append(Part("attacks on it", making, ", ".join(dict.fromkeys(plan.name for plan in made))))
    return Forecast(workshop.device, tuple(parts), whole=False)


def _worlds(task: DriveTask, plan: ArmPlan) -> int:
    return len(task.worlds) if plan.everywhere else 1


def _step_s(drive: Drive, task: DriveTask, meddler: Meddler) -> float:
    """Of one step of a batch."""
    begun = time.perf_counter()
    roll(drive, meddler, task.seeds[: task.batch], max_steps=TRIED)
    return (time.perf_counter() - begun) / TRIED


def _making_s(task: DriveTask, driver: Driver, workshop: Workshop, plan: ArmPlan) -> float:
    """Of looking for moments and of optimising."""
    world, policy = task.worlds[0], driver.policy
    seeds = torch.tensor(task.trained_on[: task.minibatch], dtype=torch.int64)
    state, rounds = world.reset(seeds), 1
    begun = time.perf_counter()
    images = world.observe(state, {}).images.detach().requires_grad_()
    if plan.means == PRINT and task.hung is not None and isinstance(world, KeepsStates):
        patch, rounds = task.hung.patch()(), task.hung.rounds
        leaf = replace(patch, srgb=patch.srgb.detach().clone().requires_grad_())
        images = world.observe(state, {task.hung.slot: printed(leaf, task.hung.make_print)}).images
    outputs = policy.victim.outputs(images)
    answers = outputs.logits if policy.victim.task is Task.control else outputs.scores
    if images.requires_grad:
        answers.sum().backward()
    a_step = (time.perf_counter() - begun) / max(1, len(seeds)) * task.minibatch
    drive = Drive(world, policy, workshop.device)
    looking = _step_s(drive, replace(task, seeds=task.trained_on), Untouched()) * world.max_steps
    return task.steps * a_step + rounds * looking * len(task.trained_on) / min(task.batch, len(task.trained_on))
