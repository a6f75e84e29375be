"""A spectrum has nothing above its limit, and can be whatever lies below."""

from __future__ import annotations

import math

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.patches.options import SpectrumConfig
from physadv.parts.patches.spectrum import build_spectrum


def test_nothing_is_finer_than_the_limit() -> None:
    spectrum = build_spectrum(SpectrumConfig(width_mm=200, height_mm=100, cycles_per_100mm=3, init="random"))
    latent = spectrum().srgb.detach().double().logit()
    mirrored = torch.cat((latent, latent.flip(2)), 2)  # a DCT is the Fourier transform of the mirrored row
    mirrored = torch.cat((mirrored, mirrored.flip(1)), 1)
    power = torch.fft.rfft2(mirrored).abs().square().sum(0)
    height, width = mirrored.shape[1:]
    cycles = torch.hypot(
        torch.fft.fftfreq(height)[:, None].abs() * 32, torch.fft.rfftfreq(width)[None, :] * 32
    )  # 32 texels are 100 mm
    assert power[cycles > 3.01].sum() < 1e-9 * power.sum()
    assert power[(cycles > 2) & (cycles <= 3)].sum() > 0.1 * power.sum()


def test_a_picture_below_the_limit_is_matched() -> None:
    spectrum = build_spectrum(SpectrumConfig(width_mm=200, height_mm=100, cycles_per_100mm=4))
    height, width = spectrum().srgb.shape[1:]
    place = (torch.arange(width) + 0.5) / width
    wave = torch.sigmoid(torch.cos(math.pi * 3 * place) - 0.4).expand(3, height, width)
    spectrum.match_(wave)
    assert torch.allclose(spectrum().srgb, wave, atol=1e-4)


def test_a_random_start_has_the_contrast_of_one_sigma() -> None:
    spectrum = build_spectrum(SpectrumConfig(init="random"))
    assert spectrum().srgb.detach().logit().std() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("cycles", [0.0, -1.0, 17.0, float("nan")])
def test_a_limit_that_cannot_be_is_refused(cycles: float) -> None:
    with pytest.raises(BadOption, match="cycles_per_100mm"):
        build_spectrum(SpectrumConfig(cycles_per_100mm=cycles))
