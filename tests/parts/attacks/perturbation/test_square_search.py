"""Square Attack: its squares, its bumps, and what it reaches on a linear victim."""

from __future__ import annotations

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm
from physadv.core.types import Step
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.attacks.perturbation.options_black_box import SquareSearchConfig, check_square_search
from physadv.parts.attacks.perturbation.square_search import SquareSearch, _bump, _Draws, _moved_mass
from physadv.testing import toy_perturbation
from tests.library.perturbations.test_telling import Heard

SQUARE = SquareSearch(SquareSearchConfig(queries=300))


@pytest.mark.parametrize("targeted", [False, True])
def test_it_fools_most_that_the_best_change_of_its_size_fools(targeted: bool) -> None:
    """On a linear victim one step along the sign of the gradient is the strongest in Linf."""
    strongest = Fgsm().run(toy_perturbation(Norm.linf, 0.1, targeted=targeted), [])
    made = SQUARE.run(toy_perturbation(Norm.linf, 0.1, targeted=targeted, access=AccessLevel.scores), [])
    assert bool((strongest.success | ~made.success).all())
    assert int(made.success.sum()) >= int(strongest.success.sum()) - 1


def test_every_value_is_at_the_border_of_the_ball() -> None:
    problem = toy_perturbation(Norm.linf, 0.01, access=AccessLevel.scores, budget=50)
    made = SQUARE.run(problem, [])
    torch.testing.assert_close((made.images - problem.images).abs(), torch.full_like(made.images, 0.01))


def test_no_step_makes_it_worse() -> None:
    losses = Heard()
    SQUARE.run(toy_perturbation(Norm.l2, 0.02, access=AccessLevel.scores), [losses])
    told = [step.loss for step in losses.events if isinstance(step, Step)]
    assert len(told) == 30
    assert told == sorted(told, reverse=True)
    assert told[-1] < told[0]


def test_moving_mass_keeps_the_norm() -> None:
    random = torch.Generator().manual_seed(2)
    clean = torch.full((5, 3, 9, 9), 0.5)
    change = torch.randn(clean.shape, generator=random) * 0.01
    best = clean + 0.3 * change / size(change, Norm.l2)[:, None, None, None]
    moved = _moved_mass(best, clean, 0.3, 0.2, _Draws.sample(5, random))
    torch.testing.assert_close(size(moved - clean, Norm.l2), torch.full((5,), 0.3))
    assert bool((moved != best).any(1).flatten(1).any(1).all())


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8])
def test_a_bump_is_half_up_half_down_and_of_norm_1(side: int) -> None:
    bump = _bump(side)
    assert bump.shape == (side, side)
    assert float(bump.square().sum()) == pytest.approx(1)
    assert bool((bump[: side // 2] > 0).all())
    assert bool((bump[side // 2 :] < 0).all())


def test_a_bump_falls_off_as_the_paper_says() -> None:
    """Equation 2 for the lower half of side 5, three by five: 1 + 1/4 + 1/9 in its middle, 1/4 + 1/9, then 1/9."""
    lower = _bump(5)[2:] / _bump(5)[2, 0] / 9
    inner, outer, middle = 1 / 4 + 1 / 9, 1 / 9, 1 + 1 / 4 + 1 / 9
    expected = [outer, inner, inner, inner, outer]
    torch.testing.assert_close(lower, torch.tensor([expected, [outer, inner, middle, inner, outer], expected]))


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match="attack=square does not know norm=l1"):
        SQUARE.run(toy_perturbation(Norm.l1, 3.0), [])
    with pytest.raises(IncompatibleParts, match="attack=square needs the largest change"):
        SQUARE.run(toy_perturbation(eps=None), [])
    with pytest.raises(BadOption, match="0 < p <= 1, got 5000, 80"):
        check_square_search(SquareSearchConfig(p=80))
