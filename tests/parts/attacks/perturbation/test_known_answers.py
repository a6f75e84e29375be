"""Answers of the literature on digits, which must come out here too. The networks are trained on first use."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor

from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.problem.counted import Counted
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem
from physadv.core.protocols import Victim
from physadv.library.compute.one_device import OneDevice
from physadv.library.datasets.labelled import DataSplit
from physadv.library.small_nets.networks import MODELS
from physadv.library.small_nets.ready import DATA
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.attacks.perturbation.options import PgdConfig
from physadv.parts.attacks.perturbation.pgd import Pgd
from tests.lecture import needs_mnist
from tests.parts.victims.building import build_victim

CPU = OneDevice(torch.device("cpu"))
BOTH = pytest.mark.parametrize("data", ["digits", pytest.param("mnist", marks=needs_mnist)])


@cache
def victim(data: str, model: str) -> Victim[ClassLogits, TopClasses]:
    return build_victim(data, model=model)


@cache
def pictures(data: str, model: str, count: int) -> tuple[Tensor, Tensor]:
    """Evenly from all that were never trained on."""
    images, labels = DATA[data]().tensors(DataSplit.val, MODELS[model].only)
    rows = torch.arange(0, len(images), max(1, len(images) // count))[:count]
    return images[rows], labels[rows]


def still_right(attack: PerturbationAttack, data: str, model: str, eps: float, count: int = 1000) -> float:
    images, labels = pictures(data, model, count)
    problem = PerturbationProblem(images, labels, Counted(victim(data, model)), Norm.linf, eps, 0, CPU)
    return 1 - float(attack.run(problem, ()).success.float().mean())


@BOTH
def test_fgsm_at_a_quarter_fools_softmax_regression_on_all_digits(data: str) -> None:
    """Goodfellow et al. 2015 (arXiv:1412.6572), section 4: an error of 99.9 % on MNIST."""
    assert still_right(Fgsm(), data, "linear", 0.25) <= 0.01


@BOTH
def test_fgsm_at_a_quarter_fools_logistic_regression_on_3_and_7(data: str) -> None:
    """Goodfellow et al. 2015, section 5: an error of 99 %. On 79 digits of 8 x 8 one is left, which is 1.3 %."""
    assert still_right(Fgsm(), data, "linear-3-7", 0.25) <= (0.01 if data == "mnist" else 0.013)


@pytest.mark.slow
@BOTH
def test_pgd_at_three_tenths_leaves_nothing_of_a_plain_network(data: str) -> None:
    """Madry et al. 2018 (arXiv:1706.06083), table 1, has it on the whole of MNIST."""
    assert still_right(Pgd(PgdConfig(steps=40)), data, "cnn", 0.3, count=200) <= 0.01


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("eps", [0.05, 0.1, 0.2])
def test_pgd_is_never_weaker_than_fgsm(data: str, eps: float) -> None:
    ours, one_step = (still_right(a, data, "cnn", eps, 100) for a in (Pgd(PgdConfig(steps=20)), Fgsm()))
    assert ours <= one_step
    assert one_step < 1
