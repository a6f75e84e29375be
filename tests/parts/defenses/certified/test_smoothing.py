"""Smoothing predicts, certifies and abstains as Cohen et al. have it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from physadv.core.errors import BadOption
from physadv.parts.defenses.certified.options import SmoothingConfig
from physadv.parts.defenses.certified.smoothing import Smoothed, Smoothing, two_sided
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.whole_picture import WholePicture

SIGMA = 0.05


class HalfSpace(nn.Module):
    """Class 1 where the mean of all values is above one half: its smoothed class is its own, the distance exact."""

    def forward(self, images: Tensor) -> Tensor:
        above = (images.flatten(1).mean(1) - 0.5) * 1e4
        return torch.stack([-above, above], 1)


def smoothed(**options: float | int) -> Smoothed:
    victim = Classifier(HalfSpace(), ("dark", "bright"), name="half", size_px=2)
    config = SmoothingConfig(sigma=SIGMA)
    for name, value in options.items():
        setattr(config, name, value)
    made = Smoothing(config).around(victim)
    assert isinstance(made, Smoothed)
    return made


def at_distance(distance: float) -> Tensor:
    """A picture of 2 × 2 px whose L2 distance from the boundary is that, negative on the dark side."""
    return torch.full((1, 3, 2, 2), 0.5 + distance / 12**0.5)


def test_the_radius_never_exceeds_the_true_distance_and_comes_near_it() -> None:
    victim = smoothed()
    distances = torch.linspace(-0.12, 0.12, 25)
    for distance in distances.tolist():
        certificate = victim.certificate(at_distance(distance))
        assert float(certificate.radii) <= abs(distance)
        if certificate.radii > 0:
            assert certificate.labels.tolist() == [int(distance > 0)]
    near = victim.certificate(at_distance(0.06)).radii
    assert 0.04 < float(near) <= 0.06


def test_on_the_boundary_it_abstains_in_every_form() -> None:
    victim = smoothed()
    edge = at_distance(0.0)
    assert victim.certificate(edge).radii.tolist() == [0.0]
    assert victim.decide(victim.outputs(edge)).reported.tolist() == [False]
    seen = WholePicture(victim)
    assert len(seen.decide(seen.outputs(edge))[0].scores) == 0
    assert len(seen.decide(seen.outputs(at_distance(0.1)))[0].scores) == 1


def test_answers_are_shares_of_the_draws() -> None:
    shares = smoothed(draws=100).outputs(at_distance(0.03)).logits.softmax(1)[0]
    assert torch.allclose(shares * 100, (shares * 100).round(), atol=1e-2)
    assert 0.6 < float(shares[1]) < 0.9  # Φ(.6) = .73


def test_the_gradient_is_that_of_the_mean_softmax() -> None:
    image = at_distance(0.0).requires_grad_()
    (slope,) = torch.autograd.grad(smoothed().outputs(image).logits[0, 1], image)
    assert (slope > 0).all()


def test_the_same_picture_gets_the_same_noise_and_another_seed_another() -> None:
    first, again = (smoothed().outputs(at_distance(0.01)).logits for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, smoothed(seed=1).outputs(at_distance(0.01)).logits)


def test_the_test_is_the_library_s() -> None:
    first, second = np.array([60.0, 50, 100]), np.array([40.0, 50, 0])
    due = [stats.binomtest(int(a), int(a + b)).pvalue for a, b in zip(first, second, strict=True)]
    assert two_sided(first, second) == pytest.approx(due, rel=1e-9)


@pytest.mark.parametrize(
    "config", [SmoothingConfig(sigma=0), SmoothingConfig(alpha=0.5), SmoothingConfig(draws=1), SmoothingConfig(alpha=0)]
)
def test_noise_that_is_none_is_refused(config: SmoothingConfig) -> None:
    with pytest.raises(BadOption, match="of smoothing"):
        Smoothing(config)
