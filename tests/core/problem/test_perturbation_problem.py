"""A problem on images is checked when it is stated; an attack on a linear classifier needs nothing but the problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.access import AccessLevel
from physadv.core.answers import TopClasses
from physadv.core.errors import BadOption, BadShape
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.compute.one_device import OneDevice
from physadv.parts.victims.classifier import Classifier


def victim() -> Classifier:
    """Names the channel whose mean is highest."""
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return Classifier(network, ("red", "green", "blue"), name="toy", size_px=4)


def problem(
    eps: float | None = 0.2, labels: Tensor | None = None, targets: Tensor | None = None
) -> PerturbationProblem:
    images = torch.tensor([[0.6, 0.4, 0.5], [0.2, 0.9, 0.1]])[:, :, None, None].expand(2, 3, 4, 4)
    counted = Counted(victim(), queries=Queries.apart(2))
    labels = torch.tensor([0, 1]) if labels is None else labels
    return PerturbationProblem(images, labels, counted, Norm.linf, eps, 0, OneDevice(torch.device("cpu")), targets)


@dataclass(frozen=True)
class OneStep:
    """The gradient's sign (Goodfellow et al. 2014, arXiv:1412.6572)."""

    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        images = problem.images.clone().requires_grad_()
        loss = functional.cross_entropy(problem.victim.outputs(images).logits, problem.labels, reduction="sum")
        (slope,) = torch.autograd.grad(loss, images)
        moved = (images.detach() + (problem.eps or 0.1) * slope.sign()).clamp(0, 1)
        seen = problem.victim.decide(problem.victim.outputs(moved))
        return Perturbed(moved, problem.fooled(seen), torch.ones(2).long())


def test_an_attack_needs_nothing_but_the_problem() -> None:
    attack: PerturbationAttack = OneStep()
    stated = problem()
    made = attack.run(stated, [])
    assert made.success.tolist() == [True, False]
    queries = stated.victim.queries
    assert queries.of_each is not None
    assert queries.gradients_of_each is not None
    assert (queries.of_each.tolist(), queries.gradients_of_each.tolist()) == ([2, 2], [1, 1])
    assert float((made.images - stated.images).abs().max()) == pytest.approx(0.2)


def test_what_cannot_be_is_refused_when_it_is_stated() -> None:
    with pytest.raises(BadShape, match=r"PerturbationProblem\.labels must be \(2\)"):
        problem(labels=torch.zeros(3).long())
    with pytest.raises(BadShape, match=r"PerturbationProblem\.targets must be int64"):
        problem(targets=torch.zeros(2))
    with pytest.raises(BadOption, match="eps must be positive, got 0"):
        problem(eps=0.0)
    assert problem(eps=None).eps is None
    with pytest.raises(BadShape, match=r"Perturbed.success must be \(2,\) bool"):
        Perturbed(problem().images, torch.zeros(2), torch.zeros(2).long())


def test_a_target_must_be_reported_and_what_is_not_reported_is_not_the_label() -> None:
    decisions = TopClasses(torch.tensor([0, 2]), torch.tensor([0.2, 0.9]), torch.tensor([False, True]))
    assert problem().fooled(decisions).tolist() == [True, True]
    assert problem(targets=torch.tensor([1, 2])).fooled(decisions).tolist() == [False, True]
    one = TopClasses(torch.tensor([1]), torch.tensor([0.9]), torch.tensor([True]))
    assert problem().fooled(one, torch.tensor([1])).tolist() == [False]
