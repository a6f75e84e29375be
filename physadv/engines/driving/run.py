"""All policies in all worlds under all attacks and controls, on the same episodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from physadv.core.worlds import Episode, World
from physadv.engines.driving.arms import ArmPlan, arms_of
from physadv.engines.driving.kept import DrivenBatch, KeptEpisodes
from physadv.engines.driving.rollout import Drive, roll
from physadv.engines.driving.specs import Driver, DriveTask
from physadv.engines.driving.workshop import Workshop, slug

Tell = Callable[["DrivenArm", int], None]
"""Hears of every batch of a cell: which, and how many episodes."""


@dataclass
class DrivenArm:
    """One policy in one world under one arm."""

    driver: Driver
    world: World
    plan: ArmPlan
    drive: Drive
    episodes: list[Episode] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def cell(self) -> str:
        """The name of its folder."""
        policy = f"{slug(self.driver.policy.name)}-{self.driver.policy.victim.digest[:8]}"
        return f"{slug(self.world.name)}/{policy}/{self.plan.key}"

    def add(self, batch: DrivenBatch) -> None:
        """More episodes."""
        self.episodes.extend(batch.episodes)
        self.seconds += batch.seconds
        for name, value in batch.facts.items():
            before = self.facts.get(name, 0.0)
            self.facts[name] = max(before, value) if name == "size" else before + value


def driven(task: DriveTask, workshop: Workshop, tell: Tell) -> Iterator[DrivenArm]:
    """Every cell, complete, from disk where it was driven before."""
    kept = KeptEpisodes(workshop.folder)
    for driver in task.drivers:
        plans = arms_of(task, driver, workshop)
        for number, world in enumerate(task.worlds):
            facts: dict[str, Mapping[str, float]] = {}
            for plan in plans if not number else [one for one in plans if one.everywhere]:
                drive = Drive(world, driver.policy, workshop.device, workshop.quantised)
                arm = DrivenArm(driver, world, plan, drive)
                _drive_(arm, task, kept, facts, tell)
                facts[plan.key] = arm.facts
                yield arm


def cells(task: DriveTask, workshop: Workshop) -> int:
    """How many there are."""
    count = 0
    for driver in task.drivers:
        plans = arms_of(task, driver, workshop)
        count += len(plans) + (len(task.worlds) - 1) * sum(plan.everywhere for plan in plans)
    return count


def _drive_(
    arm: DrivenArm, task: DriveTask, kept: KeptEpisodes, facts: Mapping[str, Mapping[str, float]], tell: Tell
) -> None:
    meddler = None
    for index, start in enumerate(range(0, len(task.seeds), task.batch)):
        seeds = task.seeds[start : start + task.batch]
        batch = kept.read(arm.cell, index, seeds)
        if batch is None:
            meddler = meddler or arm.plan.meddler(facts)  # which makes what it needs
            begun = time.perf_counter()
            before = meddler.facts
            episodes = roll(arm.drive, meddler, seeds)
            more = {
                name: value if name == "size" else value - before.get(name, 0.0)
                for name, value in meddler.facts.items()
            }  # fmt: skip
            batch = DrivenBatch(episodes, more, time.perf_counter() - begun)
            kept.write(arm.cell, index, batch)
        arm.add(batch)
        tell(arm, len(seeds))
