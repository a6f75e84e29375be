"""NES estimates the gradient that it is not given."""

from __future__ import annotations

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm
from physadv.core.seeding import generator
from physadv.library.perturbations.losses import margin
from physadv.parts.attacks.perturbation.nes import Nes
from physadv.parts.attacks.perturbation.options_black_box import NesConfig, check_nes
from physadv.parts.attacks.perturbation.questions import Questions
from physadv.testing import toy_perturbation
from tests.parts.attacks.perturbation.test_questions import of_each


def test_with_many_samples_the_estimate_is_the_gradient() -> None:
    problem = toy_perturbation(Norm.l2, 1.0)
    x = problem.images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(margin(problem.victim.outputs(x).logits, problem.labels).sum(), x)
    attack = Nes(NesConfig(samples=4000, sigma=0.001))
    generators = [generator(1, str(position)) for position in range(6)]
    estimate = attack._estimated(Questions(problem, 10_000), problem.images, torch.arange(6), generators)
    alike = torch.cosine_similarity(estimate.flatten(1), gradient.flatten(1))
    assert float(alike.min()) > 0.9


def test_a_step_costs_its_samples_and_a_look() -> None:
    attack = Nes(NesConfig(queries=100, samples=10))
    problem = toy_perturbation(Norm.linf, 0.1, access=AccessLevel.scores)
    made = attack.run(problem, [])
    assert of_each(problem) == [11 * int(steps) for steps in made.steps]
    assert max(of_each(problem)) == 99


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match="attack=nes does not know norm=l0"):
        Nes(NesConfig()).run(toy_perturbation(Norm.l0, 3.0), [])
    with pytest.raises(BadOption, match="an even number of samples"):
        check_nes(NesConfig(samples=7))
