"""FGSM's successors step as their papers say, stay in their ball, and are at least as strong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.types import Step
from physadv.library.perturbations.iterated import slope
from physadv.library.perturbations.losses import cross_entropy, margin
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.attacks.perturbation.iterated_fgsm import IteratedFgsm, steps_of
from physadv.parts.attacks.perturbation.mi_fgsm import MiFgsm
from physadv.parts.attacks.perturbation.options import (
    IteratedFgsmConfig,
    LossName,
    MiFgsmConfig,
    PgdConfig,
    check_iterated,
    check_mi_fgsm,
    check_pgd,
)
from physadv.parts.attacks.perturbation.pgd import Pgd, random_start, sparse
from physadv.testing import toy_perturbation


def asked(problem: PerturbationProblem) -> tuple[list[int], list[int]]:
    queries = problem.victim.queries
    assert queries.of_each is not None
    assert queries.gradients_of_each is not None
    return queries.of_each.tolist(), queries.gradients_of_each.tolist()


@pytest.mark.parametrize(
    "attack", [IteratedFgsm(IteratedFgsmConfig(alpha=0.05, steps=1)), MiFgsm(MiFgsmConfig(steps=1)),
               Pgd(PgdConfig(steps=1, reach=1, random_start=False, stop=False))],
)  # fmt: skip
def test_one_step_of_each_is_fgsm(attack: Pgd) -> None:
    made = attack.run(toy_perturbation(eps=0.05), [])
    torch.testing.assert_close(made.images, Fgsm().run(toy_perturbation(eps=0.05), []).images)


def test_the_steps_of_i_fgsm_are_the_papers() -> None:
    assert [steps_of(eps / 255, 1 / 255) for eps in (2, 4, 8, 16, 32)] == [2, 5, 10, 20, 36]


def test_momentum_adds_gradients_of_length_one() -> None:
    problem = toy_perturbation(eps=0.1)
    x, g = problem.images, torch.zeros_like(problem.images)
    for _ in range(3):
        gradient = slope(problem, x, cross_entropy).gradient
        g = 0.5 * g + gradient / size(gradient, Norm.l1)[:, None, None, None]
        x = (x - 0.1 / 3 * g.sign()).clamp(0, 1)
    made = MiFgsm(MiFgsmConfig(steps=3, mu=0.5)).run(toy_perturbation(eps=0.1), [])
    torch.testing.assert_close(made.images, x)


@pytest.mark.parametrize(("norm", "eps"), [(Norm.linf, 0.05), (Norm.l2, 0.6)])
@pytest.mark.parametrize("loss", list(LossName))
def test_pgd_is_at_least_as_strong_as_one_step(norm: Norm, eps: float, loss: LossName) -> None:
    made = Pgd(PgdConfig(steps=10, loss=loss)).run(toy_perturbation(norm, eps), [])
    one = Pgd(PgdConfig(steps=1, reach=1, random_start=False)).run(toy_perturbation(norm, eps), [])
    assert bool((made.success | ~one.success).all())


@pytest.mark.parametrize("loss", list(LossName))
def test_pgd_in_l1_fools_all_but_the_surest(loss: LossName) -> None:
    problem = toy_perturbation(Norm.l1, 10.0)
    made = Pgd(PgdConfig(steps=20, loss=loss)).run(problem, [])
    with torch.no_grad():
        sure = margin(problem.victim.outputs(problem.images).logits, problem.labels)
    assert made.success[sure < 2].all()


def test_an_image_that_is_taken_as_wished_is_not_asked_about_again() -> None:
    problem = toy_perturbation(eps=0.05)
    made = Pgd(PgdConfig(steps=20, random_start=False)).run(problem, [])
    of_each, gradients = asked(problem)
    assert of_each == [steps + 1 for steps in made.steps.tolist()]
    assert min(of_each) < max(of_each)
    assert all(own in (whole, whole - 1) for own, whole in zip(gradients, of_each, strict=True))
    every = toy_perturbation(eps=0.05)
    Pgd(PgdConfig(steps=20, stop=False)).run(every, [])
    assert asked(every) == ([21] * 6, [20] * 6)


@pytest.mark.parametrize(("norm", "eps"), [(Norm.linf, 0.05), (Norm.l2, 0.6), (Norm.l1, 6.0)])
def test_pgd_begins_anywhere_in_the_ball(norm: Norm, eps: float) -> None:
    first, again, other = (random_start(toy_perturbation(norm, eps, seed=seed), eps) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    lengths = size(first - toy_perturbation().images, norm)
    assert bool((lengths <= eps * 1.0001).all())
    assert float(lengths.max()) > 0.9 * eps


def test_a_sparse_step_moves_the_steepest_values_alike() -> None:
    gradient = torch.tensor([3.0, -4.0, 0.5, 1.0, 0.0, -2.0]).reshape(1, 3, 1, 2)
    assert sparse(gradient, 0.5).flatten().tolist() == pytest.approx([1 / 3, -1 / 3, 0, 0, 0, -1 / 3])
    assert sparse(torch.zeros(1, 3, 1, 2), 0.5).abs().max() == 0


class Recorder:
    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, total: int, first: int) -> None:
        self.told.append(f"start {total}")

    def stepped(self, step: Step) -> None:
        self.told.append(f"step {step.index}")

    def ended(self) -> None:
        self.told.append("end")


def test_observers_are_told_every_step() -> None:
    recorder = Recorder()
    made: Perturbed = MiFgsm(MiFgsmConfig(steps=3)).run(toy_perturbation(), [recorder])
    assert recorder.told == ["start 3", "step 0", "step 1", "step 2", "end"]
    assert made.steps.tolist() == [3] * 6


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadOption, match=r"attack=pgd needs attack\.steps above 0"):
        check_pgd(PgdConfig(steps=0))
    with pytest.raises(BadOption, match="share of the values"):
        check_pgd(PgdConfig(density=2))
    with pytest.raises(BadOption, match=r"attack\.alpha above 0"):
        check_iterated(IteratedFgsmConfig(alpha=0))
    with pytest.raises(BadOption, match="must be positive, or 0"):
        check_iterated(IteratedFgsmConfig(steps=-1))
    with pytest.raises(BadOption, match=r"attack\.mu of mi-fgsm"):
        check_mi_fgsm(MiFgsmConfig(mu=-1))
    with pytest.raises(IncompatibleParts, match=r"attack=pgd does not know norm=l0\. Choose norm=linf or norm=l2 or"):
        Pgd(PgdConfig()).run(toy_perturbation(Norm.l0, 3), [])


def test_pgd_takes_all_steps_on_a_victim_that_stands_in_for_another() -> None:
    own, stand_in = toy_perturbation(), replace(toy_perturbation(), stands_in=True)
    stopped, made = (Pgd(PgdConfig(steps=10)).run(problem, []) for problem in (own, stand_in))
    assert int(stopped.steps.min()) < 10
    assert made.steps.tolist() == [10] * 6
    before, after = (margin(own.victim.outputs(run.images).logits, own.labels) for run in (stopped, made))
    assert float(after.mean()) < float(before.mean())
