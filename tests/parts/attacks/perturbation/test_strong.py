"""Attacks that make the most of a given size, on a small network that was trained on digits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem
from physadv.core.types import Step
from physadv.library.compute.one_device import OneDevice
from physadv.library.datasets.digits import digits
from physadv.library.datasets.labelled import DataSplit
from physadv.library.perturbations.norms import size
from physadv.library.perturbations.subproblem import only
from physadv.library.small_nets.ready import ready_net
from physadv.parts.attacks.perturbation.apgd import Apgd, ApgdTargeted, checkpoints
from physadv.parts.attacks.perturbation.auto import Auto
from physadv.parts.attacks.perturbation.options import PgdConfig
from physadv.parts.attacks.perturbation.options_strong import (
    ApgdConfig,
    ApgdLoss,
    ApgdTargetedConfig,
    AutoConfig,
    UniversalConfig,
)
from physadv.parts.attacks.perturbation.pgd import Pgd
from physadv.parts.attacks.perturbation.strong_entries import physadv_perturbations
from physadv.parts.attacks.perturbation.universal import Universal
from physadv.parts.victims.classifier import Classifier
from physadv.testing import toy_perturbation
from tests.library.perturbations.test_telling import Heard

STEPS = 10


@pytest.fixture(scope="module")
def base() -> PerturbationProblem:
    """Forty digits that the plain network recognises, at a size that fools about half of them."""
    made = ready_net("digits", "cnn")
    victim = Classifier(made.net, made.labels, name="digits", size_px=made.side_px)
    images, classes = digits().tensors(DataSplit.val)
    right = victim.outputs(images).logits.argmax(1) == classes
    images, classes = images[right][:40], classes[right][:40]
    return PerturbationProblem(images, classes, Counted(victim), Norm.linf, 0.1, 0, OneDevice(torch.device("cpu")))


def problem_of(base: PerturbationProblem, norm: Norm, eps: float) -> PerturbationProblem:
    counted = Counted(base.victim.victim, queries=Queries.apart(len(base.images)))
    return replace(base, norm=norm, eps=eps, victim=counted)


@pytest.mark.parametrize(("norm", "eps"), [(Norm.linf, 0.1), (Norm.linf, 0.15), (Norm.l2, 1.0)])
def test_it_is_at_least_as_strong_as_pgd_with_as_many_steps(base: PerturbationProblem, norm: Norm, eps: float) -> None:
    weak = Pgd(PgdConfig(steps=STEPS)).run(problem_of(base, norm, eps), [])
    strong = Apgd(ApgdConfig(STEPS)).run(problem_of(base, norm, eps), [])
    assert 0 < float(weak.success.float().mean()) < 1
    assert int(strong.success.sum()) >= int(weak.success.sum())


def test_all_in_turn_are_at_least_as_strong_as_the_first(base: PerturbationProblem) -> None:
    problem = problem_of(base, Norm.linf, 0.1)
    first = Apgd(ApgdConfig(STEPS)).run(problem_of(base, Norm.linf, 0.1), [])
    heard = Heard()
    every = Auto(AutoConfig(steps=STEPS, classes=3, queries=50)).run(problem, [heard])
    assert bool((first.success <= every.success).all())
    assert torch.equal(first.images[first.success], every.images[first.success])
    told = [step for step in heard.events if isinstance(step, Step)]
    assert [step.index for step in told] == sorted({step.index for step in told})
    assert told[-1].success == pytest.approx(float(every.success.float().mean()))
    assert told[-1].index < told[-1].total
    queries = problem.victim.queries
    assert queries.of_each is not None
    assert int(queries.of_each[~every.success].min()) == int(queries.of_each.max())


def test_an_image_that_is_fooled_is_asked_about_no_more(base: PerturbationProblem) -> None:
    problem = problem_of(base, Norm.linf, 0.15)
    made = Apgd(ApgdConfig(STEPS)).run(problem, [])
    assert problem.victim.queries.of_each is not None
    assert torch.equal(problem.victim.queries.of_each, made.steps + 1)


def test_scaled_logits_do_not_matter_to_their_ratio(base: PerturbationProblem) -> None:
    def scaled(factor: float) -> int:
        class Steep(torch.nn.Module):
            def forward(self, images: torch.Tensor) -> torch.Tensor:
                return base.victim.victim.outputs(images).logits * factor

        victim = Classifier(Steep(), base.victim.labels, name="steep", size_px=8)
        steep = replace(problem_of(base, Norm.linf, 0.1), victim=Counted(victim))
        return int(Apgd(ApgdConfig(STEPS, ApgdLoss.dlr)).run(steep, []).success.sum())

    assert scaled(1) == pytest.approx(scaled(1e3), abs=1)


def test_the_step_size_is_looked_at_where_the_paper_does() -> None:
    assert checkpoints(100)[:6] == [0, 22, 41, 57, 70, 80]
    assert checkpoints(1) == [0, 1]


def test_targets_are_reached_or_are_its_own(base: PerturbationProblem) -> None:
    problem = problem_of(base, Norm.linf, 0.3)
    targets = (base.labels + 1) % 10
    made = Apgd(ApgdConfig(STEPS)).run(replace(problem, targets=targets), [])
    decided = base.victim.victim.decide(base.victim.victim.outputs(made.images)).labels
    assert torch.equal(decided == targets, made.success)
    assert made.success.any()
    with pytest.raises(IncompatibleParts, match="chooses targets by itself"):
        ApgdTargeted(ApgdTargetedConfig()).run(replace(problem, targets=targets), [])


def test_each_hand_gets_one_change_that_the_others_made(base: PerturbationProblem) -> None:
    problem = problem_of(base, Norm.linf, 0.2)
    made = Universal(UniversalConfig(steps=20)).run(problem, [])
    assert made.success.any()
    inner = (made.images > 0) & (made.images < 1)
    for hand in (slice(0, None, 2), slice(1, None, 2)):
        change, told = (made.images - base.images)[hand], inner[hand]
        high, low = (change.where(told, torch.tensor(end)) for end in (-1.0, 1.0))
        same = told.any(0)
        torch.testing.assert_close(high.amax(0)[same], low.amin(0)[same])
    gradients = problem.victim.queries.gradients_of_each
    assert gradients is not None
    assert gradients.tolist() == [20] * 40


def test_an_image_without_others_is_left_alone(base: PerturbationProblem) -> None:
    problem = only(problem_of(base, Norm.linf, 0.2), torch.tensor([0]))
    assert torch.equal(Universal(UniversalConfig(steps=5)).run(problem, []).images, problem.images)
    made = Universal(UniversalConfig(steps=5, folds=1)).run(problem, [])
    assert float(size(made.images - problem.images, Norm.linf)) > 0


def test_some_of_the_images_are_counted_under_their_own_rows() -> None:
    problem = toy_perturbation(budget=3)
    some = only(only(problem, torch.tensor([1, 3, 5])), torch.tensor([0, 2]))
    some.victim.outputs(some.images)
    some.victim.outputs(some.images[:1], torch.tensor([1]))
    assert problem.victim.queries.of_each is not None
    assert some.victim.queries.of_each is not None
    assert problem.victim.queries.of_each.tolist() == [0, 1, 0, 0, 0, 2]
    assert some.victim.queries.of_each.tolist() == [1, 2]
    assert some.victim.queries.budget == 3
    assert torch.equal(some.labels, problem.labels[[1, 5]])


@pytest.mark.parametrize("row", physadv_perturbations(), ids=lambda row: row.name)
def test_what_they_do_not_know_they_refuse(row) -> None:  # type: ignore[no-untyped-def]
    attack = row.build(row.config())
    assert attack.needs is AccessLevel.gradients
    with pytest.raises(IncompatibleParts, match="needs the largest change"):
        attack.run(toy_perturbation(Norm.linf, None), [])
    with pytest.raises(IncompatibleParts, match="Choose norm=linf or norm=l2"):
        attack.run(toy_perturbation(Norm.l0, 3.0), [])
    for name, value in vars(row.config()).items():
        if name != "loss":
            with pytest.raises(BadOption, match=rf"attack={row.name} needs .*{name}"):
                row.build(row.config(**{name: type(value)(-1)}))
