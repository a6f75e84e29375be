"""The battery for attacks on images passes what is sound, and names what is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from physadv.api import AccessLevel, Observer, PerturbationProblem, Perturbed
from physadv.core.errors import BrokenPart, IncompatibleParts
from physadv.core.hookspecs import Entry
from physadv.core.problem.perturbation_problem import Norm
from physadv.library.perturbations.norms import random_change, within
from physadv.parts.attacks.perturbation import black_box_entries, entries, minimal_entries, strong_entries
from physadv.testing import PERTURBATION_CHECKS, check_perturbation

ROWS = [
    row
    for offered in (entries, black_box_entries, minimal_entries, strong_entries)
    for row in offered.physadv_perturbations()
]
QUICK: dict[str, dict[str, Any]] = {
    "carlini-wagner": {"searches": 3, "steps": 20},
    "lbfgs": {"searches": 4, "iterations": 10},
    "ddn": {"steps": 30},
    "fmn": {"steps": 20},
    "apgd": {"steps": 20},
    "auto": {"steps": 5, "queries": 50},
    "universal": {"steps": 20},
    "brightness": {"steps": 5},
    "rotation": {"steps": 5},
}
"""Options with which the slow ones still fool the toy."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_built_in_attacks_pass(row: Entry[Any, Any]) -> None:
    attack = row.build(row.config(**QUICK.get(row.name, {})))
    assert check_perturbation(attack) == tuple(check.__name__ for check in PERTURBATION_CHECKS)


@dataclass(frozen=True)
class Guess:
    """The best of some random changes: a black box in a few lines."""

    needs: AccessLevel = AccessLevel.decisions
    tries: int = 20

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        if problem.eps is None or problem.norm is not Norm.linf:
            raise IncompatibleParts("it takes eps in norm=linf")
        generator = torch.Generator().manual_seed(problem.seed)
        images, done = problem.images.clone(), torch.zeros(len(problem.images), dtype=torch.bool)
        for _ in range(self.tries):
            drawn = random_change(images.shape, problem.norm, problem.eps, generator)
            tried = within(problem.images + drawn, problem.images, problem.norm, problem.eps)
            fooled = self.asked(problem, tried)
            images, done = torch.where((fooled & ~done)[:, None, None, None], tried, images), done | fooled
        return Perturbed(images, done, torch.full((len(images),), self.tries))

    def asked(self, problem: PerturbationProblem, tried: torch.Tensor) -> torch.Tensor:
        return problem.fooled(problem.victim.decide(problem.victim.outputs(tried)))


def test_a_black_box_in_a_few_lines_passes() -> None:
    check_perturbation(Guess())


class Boastful(Guess):
    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        made = super().run(problem, observers)
        return replace(made, success=torch.ones_like(made.success))


class Wide(Guess):
    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        return super().run(replace(problem, eps=0.3) if problem.eps else problem, observers)


class Unseeded(Guess):
    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        return super().run(replace(problem, seed=int(torch.randint(1000, ()))), observers)


class Secret(Guess):
    def asked(self, problem: PerturbationProblem, tried: torch.Tensor) -> torch.Tensor:
        problem.victim.victim.outputs(tried)
        return super().asked(problem, tried)


class Peeping(Guess):
    def asked(self, problem: PerturbationProblem, tried: torch.Tensor) -> torch.Tensor:
        outputs = problem.victim.outputs(tried)
        return problem.fooled(problem.victim.decide(outputs)) & (outputs.logits.amax(1) != 1)


class Endless(Guess):
    tries: int = 50

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        return Guess(tries=60).run(problem, observers)


BROKEN = {
    "success is not what the victim decides": Boastful,
    "an image is changed by": Wide,
    "the same seed gives other images": Unseeded,
    "the victim was asked about 240 images, 120 were counted": Secret,
    "goes on until its budget of 40 is refused": Endless,
    "(reads more of the outputs than decisions|success is not)": Peeping,
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_attack_is_named(message: str) -> None:
    with pytest.raises(BrokenPart, match=message):
        check_perturbation(BROKEN[message]())
