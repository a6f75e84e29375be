"""What is counted is what was asked; a budget is never overrun."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from physadv.core.access import AccessLevel
from physadv.core.errors import BadShape, BudgetSpent, IncompatibleParts, PhysadvError
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.limited import Limited
from physadv.parts.victims.classifier import Classifier
from physadv.testing import check_victim
from tests.toys import ToyDetector

IMAGES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
TOY = ToyDetector(digest="0123456789")


def test_images_are_counted_not_calls_and_decisions_are_free() -> None:
    victim = Counted(TOY)
    victim.decide(victim.outputs(IMAGES), 0.1)
    victim.to("cpu").outputs(IMAGES[:1])
    assert victim.queries.images == 4
    assert torch.equal(victim.outputs(IMAGES).scores, TOY.outputs(IMAGES).scores)


def test_a_budget_ends_before_it_is_overrun() -> None:
    victim = Counted(TOY, budget=4)
    victim.outputs(IMAGES)
    with pytest.raises(BudgetSpent, match="6 images would have been asked about; the budget is 4"):
        victim.outputs(IMAGES)
    assert victim.queries.images == 3
    victim.outputs(IMAGES[:1])
    assert issubclass(BudgetSpent, PhysadvError)


def test_images_that_are_told_apart_have_a_budget_each() -> None:
    victim = Counted(TOY, queries=Queries.apart(3, budget=3))
    victim.outputs(IMAGES)
    rows = torch.tensor([2, 0, 2])
    victim.outputs(IMAGES[rows], rows)
    assert victim.queries.of_each is not None
    assert (victim.queries.of_each.tolist(), victim.queries.images) == ([2, 1, 3], 6)
    with pytest.raises(BudgetSpent, match="of one of them"):
        victim.outputs(IMAGES)
    victim.outputs(IMAGES[:2], torch.tensor([0, 1]))
    with pytest.raises(BadShape, match="give their rows"):
        victim.outputs(IMAGES[:2])


def test_victims_can_share_a_count() -> None:
    shared = Queries(budget=5)
    first, second = Counted(TOY, queries=shared), Counted(TOY, queries=shared)
    first.outputs(IMAGES)
    with pytest.raises(BudgetSpent):
        second.outputs(IMAGES)
    assert shared.images == 3


@pytest.mark.parametrize("access", AccessLevel)
def test_less_access_gives_the_same_answers_and_no_gradient(access: AccessLevel) -> None:
    victim = Limited(TOY, access)
    assert victim.access is access
    shown = IMAGES.clone().requires_grad_()
    seen = victim.outputs(shown).scores
    assert torch.equal(seen, TOY.outputs(IMAGES).scores)
    assert seen.requires_grad == (access is AccessLevel.gradients)


def test_counted_and_limited_victims_pass_the_battery() -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    classifier = Classifier(network, ("red", "green", "blue"), name="toy", size_px=16)
    for access in AccessLevel:
        check_victim(Counted(Limited(classifier, access)))


def test_nobody_gets_more_than_the_victim_gives() -> None:
    with pytest.raises(IncompatibleParts, match="gives scores, so it cannot be attacked with gradients"):
        Limited(Limited(TOY, AccessLevel.scores), AccessLevel.gradients)
