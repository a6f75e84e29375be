"""Non-local means pass the battery, smooth noise away and keep edges; nonsense is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from physadv_nlmeans import NlMeansConfig, build_nl_means, physadv_defenses, squeezed

from physadv.api import BadOption
from physadv.testing import check_defense, sample_images

SMALL = NlMeansConfig(window_px=5)


def test_it_passes_the_battery() -> None:
    assert check_defense(build_nl_means(SMALL), images=sample_images(2, 32, 48))


def test_noise_goes_and_an_edge_stays() -> None:
    step = torch.full((1, 3, 32, 32), 0.3)
    step[..., 16:] = 0.8
    noisy = step + 0.02 * torch.randn(step.shape, generator=torch.Generator().manual_seed(0))
    smooth = squeezed(noisy, NlMeansConfig(strength=10))
    assert (smooth - step).std() < 0.4 * (noisy - step).std()
    assert (smooth[..., 16] - smooth[..., 15]).mean() > 0.48


def test_colours_keep_their_channels_and_the_gradient_passes_straight_through() -> None:
    red = torch.tensor([0.9, 0.4, 0.1])[None, :, None, None].repeat(1, 1, 16, 16).requires_grad_()
    smooth = squeezed(red, SMALL)
    assert smooth[0, :, 8, 8].tolist() == pytest.approx([0.9, 0.4, 0.1], abs=0.02)
    (slope,) = torch.autograd.grad(smooth.sum(), red)
    assert bool((slope == 1).all())


@pytest.mark.parametrize("change", [{"window_px": 4}, {"patch_px": 1}, {"strength": 0.0}, {"strength": float("nan")}])
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match=rf"defense\.{next(iter(change))} of nl-means"):
        build_nl_means(replace(NlMeansConfig(), **change))


def test_it_is_offered_with_its_paper() -> None:
    (row,) = physadv_defenses()
    assert (row.name, row.source) == ("example/nl-means", "arXiv:1704.01155")
    assert row.build(row.config()).name == "nl-means-11-3-4"
