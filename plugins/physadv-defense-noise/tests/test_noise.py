"""Random noise passes the battery, is as loud as asked, and repeats with its generator."""

from __future__ import annotations

import pytest
import torch
from physadv_noise import NoiseConfig, build_noise, physadv_defenses

from physadv.api import BadOption, Defended, defended_in
from physadv.testing import ToyDetector, check_defense, sample_images


def noised(sigma: float = 0.05, seed: int = 0) -> Defended:
    behind = defended_in(build_noise(NoiseConfig(sigma, seed)).around(ToyDetector()))
    assert behind is not None
    return behind


def test_it_passes_the_battery() -> None:
    assert check_defense(build_noise(NoiseConfig()), images=sample_images(2, 32, 48))


def test_the_noise_is_as_loud_as_asked() -> None:
    grey = torch.full((1, 3, 64, 64), 0.5)
    assert (noised().passed_on(grey) - grey).std().item() == pytest.approx(0.05, rel=0.05)


def test_a_picture_has_numbers_of_its_own_and_an_attack_new_ones() -> None:
    pictures, behind = sample_images(2, 16, 16), noised()
    told = behind.passed_on(pictures)
    assert torch.equal(told[1], behind.passed_on(pictures[1:])[0])
    assert not torch.equal(told, noised(seed=1).passed_on(pictures))
    with behind.drawing(torch.Generator().manual_seed(3)):
        assert not torch.equal(behind.passed_on(pictures), behind.passed_on(pictures))


@pytest.mark.parametrize("sigma", [0.0, 1.5, float("nan")])
def test_nonsense_is_refused(sigma: float) -> None:
    with pytest.raises(BadOption, match=r"defense\.sigma of random-noise"):
        build_noise(NoiseConfig(sigma))


def test_it_is_offered_with_its_paper() -> None:
    (row,) = physadv_defenses()
    assert (row.name, row.source) == ("example/random-noise", "arXiv:2104.11470")
