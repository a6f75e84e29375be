"""Several strong attacks in turn, each on the images that those before have not fooled (AutoAttack).

Croce & Hein 2020, arXiv:2003.01690, section 5: APGD on the cross-entropy, APGD towards the highest rivals, FAB and
Square, with nothing to set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.core.types import Step
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.subproblem import only
from physadv.parts.attacks.perturbation.apgd import Apgd, ApgdTargeted
from physadv.parts.attacks.perturbation.options_black_box import SquareSearchConfig
from physadv.parts.attacks.perturbation.options_strong import ApgdConfig, ApgdLoss, ApgdTargetedConfig, AutoConfig
from physadv.parts.attacks.perturbation.square_search import SquareSearch


@dataclass(frozen=True)
class Auto:
    """Where we differ: FAB, which looks for the smallest change, is left out. With targets the second is APGD on the
    ratio of logits to that target alone.
    """

    options: AutoConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The first image that fooled; the last attack's best where none did."""
        require_eps("auto", problem)
        require_norm("auto", problem, Norm.linf, Norm.l2)
        images, steps = problem.images.clone(), torch.zeros_like(problem.labels)
        success = torch.zeros_like(problem.labels, dtype=torch.bool)
        stages = self._stages(problem)
        relay = _Relay(tuple(observers), sum(length for _, length in stages), len(images))
        with relay:
            for attack, length in stages:
                rows = (~success).nonzero().flatten()
                if not len(rows):
                    break
                relay.asked = len(rows)
                made = attack.run(only(problem, rows), [relay])
                images[rows], success[rows] = made.images, made.success
                steps[rows] += made.steps
                relay.before += length
        return Perturbed(images, success, steps)

    def _stages(self, problem: PerturbationProblem) -> tuple[tuple[PerturbationAttack, int], ...]:
        """The attacks, and how many steps they tell at most."""
        steps, classes = self.options.steps, min(self.options.classes, len(problem.victim.labels) - 1)
        second: tuple[PerturbationAttack, int] = (
            (ApgdTargeted(ApgdTargetedConfig(steps, classes)), steps * classes)
            if problem.targets is None
            else (Apgd(ApgdConfig(steps, ApgdLoss.dlr)), steps)
        )
        square = SquareSearch(SquareSearchConfig(self.options.queries))
        return (Apgd(ApgdConfig(steps)), steps), second, (square, -(-self.options.queries // 10))


@dataclass
class _Relay:
    """Tells observers the steps of all attacks as those of one, with success among all images."""

    observers: tuple[Observer, ...]
    total: int
    images: int
    before: int = 0  # steps of the attacks before
    asked: int = 0  # images that the attack is given

    def __enter__(self) -> None:
        for observer in self.observers:
            observer.started(self.total, 0)

    def started(self, total: int, first: int) -> None:
        """Only the first attack's start is one."""

    def stepped(self, step: Step) -> None:
        """One of all attacks' steps."""
        success = 1 - (1 - step.success) * self.asked / self.images
        told = replace(step, index=self.before + step.index, total=self.total, success=success)
        for observer in self.observers:
            observer.stepped(told)

    def ended(self) -> None:
        """Only the last attack's end is one."""

    def __exit__(self, *_: object) -> None:
        for observer in self.observers:
            observer.ended()
