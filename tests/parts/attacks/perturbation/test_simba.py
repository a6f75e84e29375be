"""SimBA steps along orthonormal directions, none twice, and keeps what helps."""

from __future__ import annotations

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.options_black_box import SimbaConfig, check_simba
from physadv.parts.attacks.perturbation.simba import Simba, _Basis
from physadv.testing import toy_perturbation
from tests.parts.attacks.perturbation.test_questions import of_each


@pytest.mark.parametrize("frequencies", [0, 3, 99])
def test_directions_are_orthonormal(frequencies: int) -> None:
    basis = _Basis.of(torch.zeros(1, 3, 6, 8), frequencies)
    assert basis.count == {0: 3 * 6 * 8, 3: 3 * 3 * 3, 99: 3 * 6 * 8}[frequencies]
    every = basis.directions(torch.arange(basis.count)).flatten(1)
    torch.testing.assert_close(every @ every.mT, torch.eye(basis.count), atol=1e-5, rtol=0)


def test_no_direction_is_taken_twice() -> None:
    order = _Basis.of(torch.zeros(1, 3, 4, 4), 0).orders(5, 40, torch.Generator().manual_seed(0))
    assert all(len(set(each.tolist())) == 40 for each in order)


def test_after_t_steps_the_change_is_at_most_as_the_paper_says() -> None:
    problem = toy_perturbation(Norm.l2, None, access=AccessLevel.scores)
    made = Simba(SimbaConfig(step=0.1)).run(problem, [])
    assert made.success.all()
    sizes = size(made.images - problem.images, Norm.l2)
    assert bool((sizes <= 0.1 * made.steps.sqrt() + 1e-5).all())
    asked = torch.tensor(of_each(problem))
    assert bool((asked <= 2 * made.steps + 1).all())
    assert bool((asked >= made.steps + 1).all())


def test_without_eps_the_image_comes_back_where_nothing_fools() -> None:
    problem = toy_perturbation(Norm.l2, None, access=AccessLevel.scores, budget=3)
    made = Simba(SimbaConfig()).run(problem, [])
    assert not made.success.all()
    assert torch.equal(made.images[~made.success], problem.images[~made.success])
    assert max(of_each(problem)) == 3


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match="attack=simba does not know norm=l1"):
        Simba(SimbaConfig()).run(toy_perturbation(Norm.l1, 3.0), [])
    with pytest.raises(BadOption, match="step > 0"):
        check_simba(SimbaConfig(step=0))
