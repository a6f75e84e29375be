"""Total variation minimisation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.parts.defenses.options import TvConfig, check_tv
from physadv.parts.defenses.purification.tv import total_variation


def test_a_step_loses_what_the_theory_says() -> None:
    """Of two halves, n columns each, both move by weight/n towards each other; colours together: times 1/sqrt(3)."""
    image = torch.full((1, 3, 6, 16), 0.25)
    image[..., 8:] = 0.75
    weight = 0.2
    smoothed = total_variation(weight, steps=2000)(image)
    moved = weight / 8 / 3**0.5
    torch.testing.assert_close(smoothed[..., :8], torch.full((1, 3, 6, 8), 0.25 + moved), rtol=0, atol=2e-3)
    torch.testing.assert_close(smoothed[..., 8:], torch.full((1, 3, 6, 8), 0.75 - moved), rtol=0, atol=2e-3)


def test_noise_goes_and_the_mean_stays() -> None:
    noise = 0.5 + 0.2 * (torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(2)) - 0.5)
    smoothed = total_variation(0.1, steps=30)(noise)
    assert _varies(smoothed) < _varies(noise) / 4
    torch.testing.assert_close(smoothed.mean(), noise.mean(), rtol=0, atol=1e-4)


def test_a_flat_picture_has_a_finite_gradient() -> None:
    image = torch.full((1, 3, 5, 5), 0.5, requires_grad=True)
    (slope,) = torch.autograd.grad(total_variation(0.1, 5)(image).sum(), image)
    assert bool(torch.isfinite(slope).all())


@pytest.mark.parametrize(("weight", "steps"), [(0.0, 10), (0.1, 0)])
def test_no_weight_or_no_steps_are_refused(weight: float, steps: int) -> None:
    with pytest.raises(BadOption, match="must be positive"):
        check_tv(TvConfig(weight, steps))


def _varies(image: Tensor) -> float:
    return float(image.diff(dim=-1).abs().mean() + image.diff(dim=-2).abs().mean())
