"""HopSkipJump comes near the closest boundary of a linear victim, from decisions alone, within its budget."""

from __future__ import annotations

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.hop_skip_jump import HopSkipJump
from physadv.parts.attacks.perturbation.options_black_box import HopSkipJumpConfig, check_hop_skip_jump
from physadv.testing import ToyClassifier, toy_perturbation
from tests.parts.attacks.perturbation.test_questions import of_each

WALK = HopSkipJump(HopSkipJumpConfig(queries=800, probes=20))


def closest(problem: PerturbationProblem, norm: Norm) -> torch.Tensor:
    """``(B,)`` how far the boundary is, without the borders of [0, 1]: margin over the dual norm of the weights."""
    logits, weights = problem.victim.outputs(problem.images).logits, ToyClassifier().weights
    gaps = logits.gather(1, problem.labels[:, None]) - logits
    slopes = (weights[problem.labels][:, None] - weights[None]).reshape(len(logits), -1, 3, 8, 8)
    dual = size(slopes.flatten(0, 1), Norm.l1 if norm is Norm.linf else Norm.l2).reshape(gaps.shape)
    return torch.where(dual > 0, gaps / dual.clamp_min(1e-9), torch.inf).amin(1)


@pytest.mark.parametrize(("norm", "factor"), [(Norm.l2, 1.5), (Norm.linf, 1.7)])
def test_what_it_finds_is_near_the_closest_there_is(norm: Norm, factor: float) -> None:
    problem = toy_perturbation(norm, None, access=AccessLevel.decisions, budget=800)
    made = WALK.run(problem, [])
    assert made.success.all()
    assert max(of_each(problem)) <= 800
    found, least = size(made.images - problem.images, norm), closest(toy_perturbation(norm, None), norm)
    assert bool((found >= least - 1e-5).all())
    assert float((found / least).median()) < factor


def test_with_eps_an_image_within_it_is_asked_about_no_more() -> None:
    problem = toy_perturbation(Norm.l2, 1.0, access=AccessLevel.decisions, budget=600)
    made = WALK.run(problem, [])
    asked = torch.tensor(of_each(problem))
    assert made.success.any()
    assert int(asked[made.success].min()) < 100
    assert int(asked.max()) <= 600
    assert float(size(made.images - problem.images, Norm.l2).max()) <= 1.0 + 1e-5


def test_targets_start_from_a_picture_that_shows_them() -> None:
    problem = toy_perturbation(Norm.l2, None, targeted=True, access=AccessLevel.decisions, budget=200)
    made = WALK.run(problem, [])
    decided = problem.victim.decide(problem.victim.victim.outputs(made.images))
    assert problem.targets is not None
    assert torch.equal(made.success, decided.labels == problem.targets)
    assert made.success.any()


def test_an_image_that_fools_as_it_is_costs_one_question() -> None:
    toy = toy_perturbation(Norm.l2, None, access=AccessLevel.decisions)
    problem = PerturbationProblem(toy.images, (toy.labels + 1) % 4, toy.victim, Norm.l2, None, 0, toy.engine)
    made = WALK.run(problem, [])
    assert made.success.all()
    assert of_each(problem) == [1] * 6
    assert torch.equal(made.images, toy.images)


def test_where_nothing_fools_the_image_comes_back() -> None:
    problem = toy_perturbation(Norm.l2, None, access=AccessLevel.decisions, budget=1)
    made = WALK.run(problem, [])
    assert not made.success.any()
    assert torch.equal(made.images, problem.images)


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match="attack=hop-skip-jump does not know norm=l0"):
        WALK.run(toy_perturbation(Norm.l0, 3.0), [])
    with pytest.raises(BadOption, match="probes >= 2"):
        check_hop_skip_jump(HopSkipJumpConfig(probes=1))
