"""What attackers without gradients reach on a network that reads digits, and what it costs them."""

from __future__ import annotations

import pytest
import torch

from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.limited import Limited
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem
from physadv.library.compute.one_device import OneDevice
from physadv.library.datasets.digits import digits
from physadv.library.datasets.labelled import DataSplit
from physadv.library.small_nets.ready import ready_net
from physadv.parts.attacks.perturbation.hop_skip_jump import HopSkipJump
from physadv.parts.attacks.perturbation.one_pixel import OnePixel
from physadv.parts.attacks.perturbation.options import PgdConfig
from physadv.parts.attacks.perturbation.options_black_box import HopSkipJumpConfig, OnePixelConfig, SquareSearchConfig
from physadv.parts.attacks.perturbation.pgd import Pgd
from physadv.parts.attacks.perturbation.square_search import SquareSearch
from physadv.parts.victims.classifier import Classifier
from tests.parts.attacks.perturbation.test_questions import of_each

COUNT = 20


@pytest.fixture(scope="module")
def reader() -> tuple[Classifier, torch.Tensor, torch.Tensor]:
    """The plain network, and twenty digits that it recognises."""
    made = ready_net("digits", "cnn")
    victim = Classifier(made.net, made.labels, name="digits", size_px=made.side_px)
    images, classes = digits().tensors(DataSplit.val)
    right = victim.outputs(images).logits.argmax(1) == classes
    return victim, images[right][:COUNT], classes[right][:COUNT]


def attacked(
    attack: PerturbationAttack, reader: tuple[Classifier, torch.Tensor, torch.Tensor], norm: Norm, eps: float
) -> tuple[float, float]:
    """Share of the digits that are fooled, and the mean of the questions."""
    victim, images, classes = reader
    counted = Counted(Limited(victim, attack.needs), queries=Queries.apart(COUNT))
    problem = PerturbationProblem(images, classes, counted, norm, eps, 0, OneDevice(torch.device("cpu")))
    made = attack.run(problem, [])
    return float(made.success.float().mean()), sum(of_each(problem)) / COUNT


def test_less_access_fools_as_many_and_costs_more(reader: tuple[Classifier, torch.Tensor, torch.Tensor]) -> None:
    white, slopes = attacked(Pgd(PgdConfig()), reader, Norm.linf, 0.25)
    scores, asked = attacked(SquareSearch(SquareSearchConfig(500)), reader, Norm.linf, 0.25)
    decisions, walked = attacked(HopSkipJump(HopSkipJumpConfig(1000)), reader, Norm.linf, 0.25)
    assert min(white, scores, decisions) >= 0.9
    assert slopes < asked < walked


def test_more_pixels_fool_more(reader: tuple[Classifier, torch.Tensor, torch.Tensor]) -> None:
    attack = OnePixel(OnePixelConfig(population=20, generations=20))
    (one, _), (five, _) = (attacked(attack, reader, Norm.l0, pixels) for pixels in (1.0, 5.0))
    assert one < five
    assert five >= 0.4
