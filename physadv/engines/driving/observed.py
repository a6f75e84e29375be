"""Attacks on the policy's observations, step by step, by any attack on images; and noise of the same size.

The policy is taken as a classifier of pictures by its actions, so that every attack of ``physadv perturb`` is at hand
(Huang et al. 2017, arXiv:1702.02284).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.defended import remembers
from physadv.core.errors import IncompatibleParts
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.limited import Limited
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem
from physadv.core.protocols import Victim
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.core.worlds import Policy, world_actions
from physadv.engines.driving.aims import AttackAim
from physadv.engines.driving.rollout import Drive, Moment
from physadv.engines.driving.timing import AttackClock, AttackTiming
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.action_classes import ActionClasses
from physadv.library.perturbations.norms import random_change, size


@dataclass(frozen=True)
class StepPlan:
    """How observations are attacked."""

    attack: PerturbationAttack
    norm: Norm
    eps: float | None
    aim: AttackAim
    timing: AttackTiming


@dataclass
class SteppedAttack:
    """Changes each picture on its own, at the steps that the timing chooses."""

    plan: StepPlan
    asked: Policy  # the policy that drives, or one that stands in for it
    seed: int
    prints: Mapping[str, PatchImage] = field(default_factory=dict)
    _asked: int = 0  # images, in all
    _size: float = 0.0  # of the largest change
    _drive: Drive | None = None
    _clock: AttackClock = field(default_factory=lambda: AttackClock(AttackTiming()))

    def begin(self, drive: Drive, seeds: Sequence[int]) -> None:
        """Other episodes: nothing is spent."""
        self._drive, self._clock = drive, AttackClock(self.plan.timing)
        self._clock.begin(len(seeds))

    def shown(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """The pictures changed where it is due, and where the policy does not do as wished anyway."""
        assert self._drive is not None
        images, world = moment.observation.images, self._drive.world
        victim = ActionClasses(self.asked.victim)
        with torch.no_grad():
            outputs = victim.outputs(images)
        labels = victim.decide(outputs).labels
        known = world_actions(self.asked, world).to(images.device)
        aimed = self.plan.aim.at(world, moment.state, outputs.logits, labels, known)
        due = self._clock.due(outputs.logits, moment.running) & aimed.open
        self._clock.count(due)
        rows = due.nonzero().flatten()
        if not len(rows):
            return images, due
        images = images.clone()
        targets = aimed.labels[rows] if aimed.toward else None
        images[rows] = self._attacked(moment, images[rows], labels[rows], targets)
        return images, due

    def _attacked(self, moment: Moment, images: Tensor, labels: Tensor, targets: Tensor | None) -> Tensor:
        queries = Queries.apart(len(images))
        limited: Victim[Any, Any] = Limited(ActionClasses(self.asked.victim), self.plan.attack.needs)
        seed = int(torch.randint(2**31, (), generator=generator(self.seed, f"{moment.seeds[0]}/{moment.step}")))
        problem = PerturbationProblem(
            images, labels, Counted(limited, queries=queries), self.plan.norm, self.plan.eps, seed,
            OneDevice(images.device), targets,
        )  # fmt: skip
        made = self.plan.attack.run(problem, ())
        self._asked += queries.images
        self._size = max(self._size, float(size(made.images.detach() - images, self.plan.norm).max()))
        return made.images.detach()

    @property
    def facts(self) -> dict[str, float]:
        """Images that the attack asked about, and the size of its largest change."""
        return {"asked": self._asked, "size": self._size}


@dataclass
class SteppedNoise:
    """The control: random noise of the largest size allowed, at the steps that the attack would have chosen."""

    norm: Norm
    eps: float
    timing: AttackTiming
    asked: Policy
    seed: int
    prints: Mapping[str, PatchImage] = field(default_factory=dict)
    _clock: AttackClock = field(default_factory=lambda: AttackClock(AttackTiming()))

    def begin(self, drive: Drive, seeds: Sequence[int]) -> None:
        """Other episodes: nothing is spent."""
        self._clock = AttackClock(self.timing)
        self._clock.begin(len(seeds))

    def shown(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """Each episode has noise of its own, which does not depend on what runs beside it."""
        images = moment.observation.images
        with torch.no_grad():
            logits = self.asked.victim.outputs(images).logits
        due = self._clock.due(logits, moment.running)
        self._clock.count(due)
        noisy = images.clone()
        for e in due.nonzero().flatten().tolist():
            random = generator(self.seed, f"noise/{moment.seeds[e]}/{moment.step}", images.device)
            change = random_change(images[:1].shape, self.norm, self.eps, random)
            noisy[e] = (images[e] + change[0]).clamp(0, 1)
        return noisy, due

    @property
    def facts(self) -> dict[str, float]:
        """Nothing."""
        return {}


def check_looked_into(policy: Policy, means: str) -> None:
    """Raise :class:`IncompatibleParts` where the attack could not look at how the policy weighs its actions."""
    if policy.victim.task is not Task.control:
        raise IncompatibleParts(
            f"means={means} looks at how a policy weighs its actions, but {policy.name!r} only brakes for what a "
            "detector reports. Hang something in its world: means=print"
        )
    if remembers(policy.victim):
        raise IncompatibleParts(
            f"means={means} tries out pictures, but what {policy.victim.name!r} answers depends on those before. "
            "Choose means=print, or another defense="
        )
