"""What the studies measure, on models whose answers are known in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from physadv.core.problem.perturbation_problem import Norm
from physadv.engines.studies.theories import dimension, gradients, linearity, slices
from physadv.engines.studies.theories.attacked import attacked, fgsm, noisy, pgd, withstood
from physadv.engines.studies.theories.features import mislabelled
from physadv.engines.studies.theories.learning import Adversary, right, taught
from physadv.engines.studies.theories.nets import ACTIVATIONS, born, cnn, linear, mlp, trait
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import half_width, share
from physadv.library.perturbations.norms import size

SIDE = 4


class Halves(nn.Module):
    """Two classes: by how much the left half is brighter than the right one."""

    def forward(self, images: Tensor) -> Tensor:
        lead = images[..., : SIDE // 2].mean((1, 2, 3)) - images[..., SIDE // 2 :].mean((1, 2, 3))
        return torch.stack([lead, -lead], 1)


def halves(count: int = 6) -> LabelledSet:
    """Pictures that :class:`Halves` knows, each with another lead."""
    images = torch.full((count, 3, SIDE, SIDE), 0.5)
    leads = 0.1 + 0.05 * torch.arange(count)
    images[..., : SIDE // 2] += leads[:, None, None, None] / 2
    images[..., SIDE // 2 :] -= leads[:, None, None, None] / 2
    return LabelledSet(images, torch.zeros(count, dtype=torch.int64))


def test_a_linear_models_logits_are_straight_lines_along_the_ray() -> None:
    assert linearity.straightness(Halves(), halves()).tolist() == pytest.approx([1.0] * 6, abs=1e-5)
    direction = linearity.ray_direction(Halves(), halves())
    assert direction[..., : SIDE // 2].unique().tolist() == [-1.0]
    assert direction[..., SIDE // 2 :].unique().tolist() == [1.0]


def test_the_border_of_a_linear_model_is_as_far_as_half_its_lead() -> None:
    data = halves()
    found = slices.distances(Halves(), data, linearity.ray_direction(Halves(), data))
    wanted = (0.1 + 0.05 * torch.arange(6)) / 2
    assert bool(((found - wanted >= -1e-6) & (found - wanted <= 0.011)).all())
    away = slices.distances(Halves(), data, -linearity.ray_direction(Halves(), data))
    assert away.tolist() == [slices.FARTHEST] * 6


def test_the_eps_that_fools_half_is_found_by_halving() -> None:
    wanted = 0.5 * (0.1 + 0.05 * 2.5)
    assert dimension.median_eps(Halves(), halves(), 0, labels=2) == pytest.approx(wanted, abs=0.02)


def test_between_two_clouds_the_eps_falls_with_the_root_of_the_inputs() -> None:
    eps = [dimension._cloud_eps(n, 0) for n in (16, 256)]
    assert eps[0] == pytest.approx(dimension.CLOUD_DISTANCE / 2 / 4, rel=0.1)
    assert dimension.slope_of([16, 256], eps) == pytest.approx(-0.5, abs=0.05)


def test_a_gradient_that_is_the_picture_itself_is_aligned() -> None:
    images = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    grey = images.mean(1, keepdim=True)
    assert gradients.alignment(-2 * grey + 1, images).tolist() == pytest.approx([1.0] * 3, abs=1e-5)


def test_attacks_count_only_pictures_that_were_known() -> None:
    data = LabelledSet(halves().images, torch.tensor([0, 0, 0, 0, 0, 1]))
    known = right(Halves(), data)
    assert known.tolist() == [True] * 5 + [False]
    for attack in (fgsm(), pgd(5)):
        assert withstood(Halves(), data, attack, 0.01, labels=2).tolist() == known.tolist()
        assert not withstood(Halves(), data, attack, 0.4, labels=2).any()


def test_noise_is_grey_and_of_the_size_that_was_asked_for() -> None:
    data = halves()
    for norm in (Norm.linf, Norm.l2):
        change = noisy(data, 0.1, 0, norm).images - data.images
        assert size(change, norm).tolist() == pytest.approx([0.1] * 6, abs=1e-5)
        assert torch.equal(change[:, 0], change[:, 2])


def test_mislabelled_pictures_have_another_label_and_hardly_differ() -> None:
    data = halves()
    changed = mislabelled(Halves(), data, 0, classes=2)
    assert changed.labels.tolist() == [1] * 6
    assert float(size(changed.images - data.images, Norm.l2).max()) <= 2.0001
    assert float(right(Halves(), changed).float().mean()) == 1.0
    assert attacked(Halves(), data, fgsm(), 0.3, labels=2).success.all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nets_of_every_activation_answer_for_every_class(activation: str) -> None:
    net = born(lambda: mlp(SIDE, 5, (6,), activation), 0)
    assert net(torch.rand(2, 3, SIDE, SIDE)).shape == (2, 5)
    assert trait(net, torch.rand(2, 3, SIDE, SIDE)).shape == (2, 6)


def test_the_same_seed_teaches_the_same_net_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    nets = [taught(lambda: cnn(SIDE, 2, 2), halves(), 2, seed, Adversary(0.1, 2)) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    said = [net(halves().images) for net in nets]
    assert torch.equal(said[0], said[1])
    assert not torch.equal(said[0], said[2])
    assert not any(p.requires_grad for p in nets[0].parameters())


def test_a_linear_net_learns_halves() -> None:
    assert right(taught(lambda: linear(SIDE, 2), halves(), 60, 0, lr=0.1), halves()).all()


def test_intervals_are_the_wider_of_pictures_and_nets() -> None:
    alike = share([torch.tensor([True, False] * 50)] * 3)
    assert (alike.value, alike.n, alike.nets) == (0.5, 100, 3)
    assert (alike.low, alike.high) == pytest.approx((0.4038, 0.5962), abs=1e-3)
    apart = share([torch.arange(100) < n for n in (20, 50, 80)])
    assert apart.low == 0.0
    assert str(alike) == "50.0 % [40.4 %, 59.6 %]"
    assert math.isinf(half_width([0.5]))
