"""Attacks that look for the smallest change find it where it is known: on a linear victim it is the margin over the
dual norm of the weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.carlini_wagner import CarliniWagner
from physadv.parts.attacks.perturbation.ddn import Ddn
from physadv.parts.attacks.perturbation.deepfool import DeepFool
from physadv.parts.attacks.perturbation.fmn import Fmn
from physadv.parts.attacks.perturbation.lbfgs import Lbfgs
from physadv.parts.attacks.perturbation.minimal_entries import physadv_perturbations
from physadv.parts.attacks.perturbation.options_minimal import (
    CarliniWagnerConfig,
    DdnConfig,
    DeepFoolConfig,
    FmnConfig,
    LbfgsConfig,
)
from physadv.testing import ToyClassifier, toy_perturbation

DUAL = {Norm.l1: Norm.linf, Norm.l2: Norm.l2, Norm.linf: Norm.l1}
CASES: dict[str, tuple[PerturbationAttack, Norm, float]] = {  # with the share by which it may miss the smallest
    "deepfool-l2": (DeepFool(DeepFoolConfig()), Norm.l2, 0.021),
    "deepfool-linf": (DeepFool(DeepFoolConfig()), Norm.linf, 0.021),
    "ddn": (Ddn(DdnConfig()), Norm.l2, 0.04),
    "fmn-l1": (Fmn(FmnConfig()), Norm.l1, 0.02),
    "fmn-l2": (Fmn(FmnConfig()), Norm.l2, 0.002),
    "fmn-linf": (Fmn(FmnConfig()), Norm.linf, 0.002),
    "carlini-wagner": (CarliniWagner(CarliniWagnerConfig(steps=60, lr=0.01)), Norm.l2, 0.06),
    "lbfgs": (Lbfgs(LbfgsConfig(iterations=20)), Norm.l2, 0.06),
}


def distances_to_edges(problem: PerturbationProblem, victim: ToyClassifier) -> Tensor:
    """``(B,K)`` how far the edge to each class is; infinite to the label's own."""
    assert problem.norm in DUAL
    logits = victim.outputs(problem.images).logits
    weights = victim.weights.reshape(len(victim.labels), *problem.images.shape[1:])
    gaps = logits.gather(1, problem.labels[:, None]) - logits
    slopes = torch.stack([size(weights[problem.labels] - w, DUAL[problem.norm]) for w in weights], 1)
    return (gaps / slopes).scatter(1, problem.labels[:, None], torch.inf)


@pytest.mark.parametrize("case", CASES)
def test_the_smallest_change_is_found_on_a_linear_victim(case: str) -> None:
    attack, norm, share = CASES[case]
    problem = toy_perturbation(norm, None, targeted=True)
    assert problem.targets is not None
    known = distances_to_edges(problem, ToyClassifier()).gather(1, problem.targets[:, None]).squeeze(1)
    made = attack.run(problem, [])
    sizes = size(made.images - problem.images, norm)
    assert bool(made.success.all())
    assert bool((sizes >= known * (1 - 1e-4)).all())
    assert float((sizes / known).max()) < 1 + share


@pytest.mark.parametrize("norm", [Norm.l2, Norm.linf])
def test_without_a_target_deepfool_finds_the_nearest_of_all_edges(norm: Norm) -> None:
    problem = toy_perturbation(norm, None)
    known = distances_to_edges(problem, ToyClassifier()).amin(1)
    made = DeepFool(DeepFoolConfig(overshoot=0.01)).run(problem, [])
    assert torch.allclose(size(made.images - problem.images, norm), known * 1.01, rtol=2e-3)


def test_the_fewest_pixels_are_those_of_the_largest_weights() -> None:
    problem = toy_perturbation(Norm.l0, None, targeted=True)
    made = Fmn(FmnConfig()).run(problem, [])
    pixels = size(made.images - problem.images, Norm.l0)
    assert bool(made.success.all())
    assert float(pixels.min()) == 1
    assert float(pixels.max()) < 10


@pytest.mark.parametrize("row", physadv_perturbations(), ids=lambda row: row.name)
def test_an_image_that_is_taken_as_wished_comes_back_untouched(row) -> None:  # type: ignore[no-untyped-def]
    problem = toy_perturbation(Norm.l2, None)
    problem.labels[:2] = (problem.labels[:2] + 1) % 4
    quick = {"carlini-wagner": {"searches": 2, "steps": 20}, "lbfgs": {"searches": 2}}
    made = row.build(row.config(**quick.get(row.name, {}))).run(problem, [])
    assert made.success[:2].all()
    assert size(made.images[:2] - problem.images[:2], Norm.l2).max() < 1e-4
    queries = problem.victim.queries.of_each
    assert queries is not None
    assert queries[:2].tolist() == [1, 1]


def test_carlini_wagner_leads_by_kappa() -> None:
    problem = toy_perturbation(Norm.l2, None, targeted=True)
    made = CarliniWagner(CarliniWagnerConfig(searches=4, steps=60, kappa=0.5)).run(problem, [])
    logits = ToyClassifier().outputs(made.images).logits
    first, second = logits.topk(2, dim=1).values.unbind(1)
    assert made.success.all()
    assert float((first - second).min()) >= 0.5


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(IncompatibleParts, match="attack=deepfool looks for the smallest change by itself"):
        DeepFool(DeepFoolConfig()).run(toy_perturbation(Norm.l2, 0.3), [])
    with pytest.raises(IncompatibleParts, match=r"attack=ddn does not know norm=linf\. Choose norm=l2"):
        Ddn(DdnConfig()).run(toy_perturbation(Norm.linf, None), [])


@pytest.mark.parametrize("row", physadv_perturbations(), ids=lambda row: row.name)
def test_options_out_of_range_are_asked_back(row) -> None:  # type: ignore[no-untyped-def]
    for name, value in vars(row.config()).items():
        if name != "kappa":
            with pytest.raises(BadOption, match=rf"attack={row.name} needs .*{name}"):
                row.build(row.config(**{name: type(value)(-1)}))
