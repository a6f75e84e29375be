"""Each image has its own questions; what is done is asked about no more; a budget is never overrun."""

from __future__ import annotations

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem
from physadv.parts.attacks.perturbation.black_box_entries import physadv_perturbations
from physadv.parts.attacks.perturbation.one_pixel import OnePixel
from physadv.parts.attacks.perturbation.options_black_box import OnePixelConfig
from physadv.parts.attacks.perturbation.questions import Questions, parts
from physadv.testing import toy_perturbation

ROWS = physadv_perturbations()
PIXELS = OnePixel(OnePixelConfig(population=10))
ATTACKS = [PIXELS if row.name == "one-pixel" else row.build(row.config()) for row in ROWS]


def of_each(problem: PerturbationProblem) -> list[int]:
    counts = problem.victim.queries.of_each
    assert counts is not None
    return [int(count) for count in counts]


def within_reach(attack: PerturbationAttack, budget: int) -> PerturbationProblem:
    """A problem that the attack takes."""
    norm, eps = (Norm.l0, 20.0) if attack is PIXELS else (Norm.linf, 0.1)
    return toy_perturbation(norm, eps, access=attack.needs, budget=budget)


@pytest.mark.parametrize("attack", ATTACKS, ids=[row.name for row in ROWS])
def test_an_image_that_is_fooled_is_asked_about_no_more(attack: PerturbationAttack) -> None:
    problem = within_reach(attack, 150)
    made = attack.run(problem, [])
    counts = of_each(problem)
    assert max(counts) <= 150
    assert made.success.any()
    assert counts[0] < max(counts)
    assert made.success[0]
    again = within_reach(attack, 150)
    attack.run(again, [])
    assert of_each(again) == counts


def test_a_budget_that_is_partly_spent_is_what_is_left_of_it() -> None:
    problem = toy_perturbation(access=AccessLevel.scores, budget=10)
    problem.victim.outputs(problem.images[:2], torch.tensor([0, 0]))
    questions = Questions(problem, 9)
    assert questions.limits.tolist() == [8, 9, 9, 9, 9, 9]
    assert questions.open(9).tolist() == [1, 2, 3, 4, 5]


def test_images_that_are_not_told_apart_share_a_budget_alike() -> None:
    toy = toy_perturbation(access=AccessLevel.scores)
    victim = Counted(toy.victim.victim, queries=Queries(budget=20))
    problem = PerturbationProblem(toy.images, toy.labels, victim, Norm.linf, 0.1, 0, toy.engine)
    assert Questions(problem, 100).limits.tolist() == [3] * 6


def test_what_is_kept_as_done_is_open_no_more() -> None:
    problem = toy_perturbation(access=AccessLevel.scores)
    questions, rows = Questions(problem, 5), torch.tensor([1, 4])
    there = torch.tensor([True, True])
    questions.keep(torch.zeros(2, 3, 8, 8), rows, success=there, done=torch.tensor([True, False]))
    assert questions.open().tolist() == [0, 2, 3, 4, 5]
    assert questions.asks(rows).tolist() == [False, True]
    made = questions.perturbed()
    assert made.success.tolist() == [False, True, False, False, True, False]
    assert float(made.images[rows].max()) == 0


def test_a_large_batch_is_asked_in_parts() -> None:
    images = torch.zeros(1).expand(5, 3, 1 << 11, 1 << 11)
    assert list(parts(images)) == [slice(0, 1), slice(1, 2), slice(2, 3), slice(3, 4), slice(4, 5)]
    assert list(parts(images[:0])) == [slice(0, 0)]
