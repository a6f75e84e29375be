"""Differential evolution changes as many pixels as it may, finds the one that matters, and counts generations."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.one_pixel import OnePixel, _children
from physadv.parts.attacks.perturbation.options_black_box import OnePixelConfig, check_one_pixel
from physadv.parts.victims.classifier import Classifier
from physadv.testing import toy_perturbation
from tests.parts.attacks.perturbation.test_questions import of_each

SMALL = OnePixel(OnePixelConfig(population=20, generations=10))


class _Keyhole(torch.nn.Module):
    """Sees the pixel in row 5, column 2 and the mean of its neighbourhood: shut unless that pixel is bright."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        near = pixels[:, :, 3:8, :5].mean((1, 2, 3))
        light = 4 * pixels[:, :, 5, 2].mean(1) + near
        return torch.stack([torch.full_like(light, 2.5), light], 1)


def keyhole(budget: int | None = None) -> PerturbationProblem:
    victim = Classifier(_Keyhole(), ("shut", "open"), name="keyhole", size_px=8)
    counted = Counted(victim, queries=Queries.apart(3, budget))
    images = torch.full((3, 3, 8, 8), 0.1)
    return PerturbationProblem(images, torch.zeros(3).long(), counted, Norm.l0, 1.0, 0, OneDevice(torch.device("cpu")))


def test_the_one_pixel_that_matters_is_found() -> None:
    problem = keyhole()
    made = OnePixel(OnePixelConfig(population=40, generations=60)).run(problem, [])
    assert made.success.all()
    changed = (made.images != problem.images).any(1)
    assert changed[:, 5, 2].all()
    assert changed.flatten(1).sum(1).tolist() == [1, 1, 1]


def test_what_is_asked_is_whole_generations() -> None:
    problem = toy_perturbation(Norm.l0, 1.0, access=AccessLevel.scores, budget=95)
    made = SMALL.run(problem, [])
    assert of_each(problem) == [20 * int(steps) for steps in made.steps]
    assert max(of_each(problem)) == 80
    assert float(size(made.images - problem.images, Norm.l0).max()) <= 1


def test_a_budget_below_the_population_makes_a_smaller_one() -> None:
    problem = keyhole(budget=7)
    SMALL.run(problem, [])
    assert of_each(problem) == [7, 7, 7]
    with pytest.raises(BadOption, match="breeds from four candidates or more, but the budget is 3"):
        SMALL.run(keyhole(budget=3), [])


def test_children_come_from_three_different_candidates() -> None:
    genes = torch.zeros(1, 4, 1, 5)
    genes[0, :, 0, 2] = torch.tensor([0.0, 0.1, 0.3, 0.7])
    allowed = {min(max(a + b - c, 0.0), 1.0) for a, b, c in permutations((0.0, 0.1, 0.3, 0.7), 3)}
    random = torch.Generator().manual_seed(1)
    for _ in range(20):
        for value in _children(genes, 1.0, random)[0, :, 0, 2].tolist():
            assert any(value == pytest.approx(each, abs=1e-5) for each in allowed)


@pytest.mark.parametrize("eps", [0.5, 1.5, 65.0])
def test_eps_is_a_number_of_pixels_that_there_are(eps: float) -> None:
    with pytest.raises(BadOption, match="a whole number of pixels, from eps=1 to eps=64"):
        SMALL.run(toy_perturbation(Norm.l0, eps, access=AccessLevel.scores), [])


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match=r"attack=one-pixel does not know norm=linf\. Choose norm=l0"):
        SMALL.run(toy_perturbation(), [])
    with pytest.raises(BadOption, match="population >= 4"):
        check_one_pixel(OnePixelConfig(population=3))
