"""Simple changes are tried from small to large, on decisions alone, until one fools."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.answers import ClassLogits
from physadv.core.errors import IncompatibleParts
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem
from physadv.parts.attacks.perturbation.options_simple import BrightnessConfig, RotationConfig, TranslationConfig
from physadv.parts.attacks.perturbation.simple import Brightness, Rotation, Simple, Translation
from physadv.testing import ToyClassifier, toy_perturbation


@dataclass(frozen=True)
class Looker(ToyClassifier):
    """Says label 1 where the pixel it looks at is bright, or where all are on average, else label 0."""

    at: tuple[int, int] | None = None

    def outputs(self, images: Tensor) -> ClassLogits:
        bright = images.mean((1, 2, 3)) if self.at is None else images[:, 0, self.at[1], self.at[0]]
        return ClassLogits(torch.stack([torch.zeros_like(bright), bright - 0.5], 1))


def problem_of(images: Tensor, victim: ToyClassifier, budget: int | None = None) -> PerturbationProblem:
    labels = victim.outputs(images).logits.argmax(1)
    counted = Counted(victim, queries=Queries.apart(len(images), budget))
    return replace(toy_perturbation(Norm.l2, None), images=images, labels=labels, victim=counted)


def test_the_smallest_change_of_brightness_is_found() -> None:
    grey = torch.tensor([0.455, 0.545, 0.1]).reshape(3, 1, 1, 1).expand(3, 3, 8, 8)
    problem = problem_of(grey, Looker())
    made = Simple(Brightness(BrightnessConfig(limit=0.2, steps=20))).run(problem, [])
    assert made.success.tolist() == [True, True, False]
    assert (made.images - grey)[:, 0, 0, 0].tolist() == pytest.approx([0.05, -0.05, 0], abs=1e-6)
    assert problem.victim.queries.of_each is not None
    assert problem.victim.queries.of_each.tolist() == [10, 11, 41]
    assert problem.victim.queries.gradients == 0


def test_the_shortest_shift_is_found_and_what_comes_in_is_black() -> None:
    images = torch.zeros(1, 3, 8, 8)
    images[..., 3, 5] = 1  # right of the pixel that is looked at, two away
    made = Simple(Translation(TranslationConfig(limit_px=3))).run(problem_of(images, Looker(at=(3, 3))), [])
    assert made.success.all()
    assert (made.images[0, 0] > 0).nonzero().tolist() == [[3, 3]]


def test_turns_go_both_ways_and_no_turn_is_no_change() -> None:
    turn = Rotation(RotationConfig(limit_deg=30, steps=3))
    assert [amount[0] for amount in turn.amounts()] == [0, 10, -10, 20, -20, 30, -30]
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(turn.made(images, (0.0,)), images)
    quarter = Rotation(RotationConfig()).made(images, (90.0,))
    torch.testing.assert_close(quarter, images.rot90(1, (2, 3)), atol=1e-4, rtol=0)


def test_no_image_is_asked_about_more_often_than_its_budget() -> None:
    problem = problem_of(torch.zeros(2, 3, 8, 8), Looker(), budget=7)
    made = Simple(Rotation(RotationConfig())).run(problem, [])
    assert problem.victim.queries.of_each is not None
    assert problem.victim.queries.of_each.tolist() == [7, 7]
    assert torch.equal(made.images, problem.images)


def test_they_need_decisions_and_take_no_eps() -> None:
    attack = Simple(Brightness(BrightnessConfig()))
    assert attack.needs is AccessLevel.decisions
    with pytest.raises(IncompatibleParts, match="attack=brightness looks for the smallest change by itself"):
        attack.run(toy_perturbation(Norm.linf, 0.1), [])
