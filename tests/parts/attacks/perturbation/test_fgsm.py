"""FGSM is what its formula says; on a linear loss nothing within the ball does better."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm
from physadv.library.perturbations.losses import cross_entropy, margin
from physadv.library.perturbations.norms import random_change, size
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.testing import toy_perturbation


@pytest.mark.parametrize("targeted", [False, True])
def test_every_value_moves_by_eps_along_the_sign_of_the_gradient(targeted: bool) -> None:
    problem = toy_perturbation(Norm.linf, 0.03, targeted=targeted)
    x = problem.images.clone().requires_grad_()
    loss = cross_entropy(problem.victim.outputs(x).logits, problem.labels, problem.targets)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    made = Fgsm().run(problem, [])
    torch.testing.assert_close(made.images, problem.images - 0.03 * gradient.sign())


def test_its_cost_is_one_gradient_and_one_look() -> None:
    problem = toy_perturbation()
    Fgsm().run(problem, [])
    queries = problem.victim.queries
    assert queries.of_each is not None
    assert queries.of_each.tolist() == [2] * 6
    assert queries.gradients == 6


@pytest.mark.parametrize(("norm", "eps"), [(Norm.linf, 0.02), (Norm.l2, 0.2)])
def test_with_two_classes_no_change_of_its_size_does_better(norm: Norm, eps: float) -> None:
    problem = toy_perturbation(norm, eps, targeted=True)
    assert problem.targets is not None
    x = problem.images.clone().requires_grad_()
    logits = problem.victim.outputs(x).logits
    pair = torch.stack([problem.labels, problem.targets], 1)
    (rises,) = torch.autograd.grad(logits.gather(1, pair).diff(dim=1).sum(), x)
    best = eps * (size(rises, Norm.l1) if norm is Norm.linf else size(rises, Norm.l2))
    random = random_change(x.shape, norm, eps, torch.Generator().manual_seed(1))
    assert bool(((rises * random).flatten(1).sum(1) < best).all())
    made = Fgsm().run(problem, [])
    before, after = (margin(problem.victim.outputs(i).logits, problem.labels, problem.targets)
                     for i in (problem.images, made.images))  # fmt: skip
    assert bool((after < before).all())


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match=r"attack=fgsm does not know norm=l0\. Choose norm=linf or norm=l2"):
        Fgsm().run(toy_perturbation(Norm.l0, 3.0), [])
    with pytest.raises(IncompatibleParts, match="attack=fgsm needs the largest change"):
        Fgsm().run(toy_perturbation(eps=None), [])
