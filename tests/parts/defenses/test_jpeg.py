"""JPEG as a defence: the real codec forward, colour at half the resolution backward."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from physadv.core.errors import BadOption
from physadv.parts.defenses.options import JpegConfig
from physadv.parts.defenses.purification.jpeg import Jpeg, half_colour, recompressed
from physadv.testing import sample_images


def test_the_victim_sees_the_very_file() -> None:
    images = sample_images(1, 40, 56)
    codes = (images[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    stream = io.BytesIO()
    Image.fromarray(codes).save(stream, "JPEG", quality=50, subsampling="4:2:0")
    expected = torch.from_numpy(np.array(Image.open(stream))).permute(2, 0, 1) / 255
    assert (recompressed(images, 50)[0] - expected).abs().max() <= 2 / 255


def test_brightness_passes_straight_through() -> None:
    images, way = torch.rand(1, 3, 17, 23).requires_grad_(), torch.rand(1, 1, 17, 23).expand(1, 3, 17, 23)
    weights = torch.rand(1, 3, 17, 23)
    (slope,) = torch.autograd.grad((recompressed(images, 50) * weights).sum(), images)
    assert torch.allclose((slope * way).sum(), (weights * way).sum(), rtol=1e-3)


def test_the_surrogate_keeps_slow_colour_and_loses_fast_one() -> None:
    slow = torch.tensor([0.9, 0.4, 0.2])[None, :, None, None].expand(1, 3, 8, 8)
    assert torch.allclose(half_colour(slow), slow, atol=1e-5)
    stripes = torch.zeros(1, 3, 8, 8)
    stripes[:, 0, :, ::2] = 1.0
    stripes[:, 2, :, 1::2] = 1.0
    left = half_colour(stripes)
    assert (left[:, 0] - left[:, 2]).abs()[..., 1:-1].max() < 0.01  # red and blue columns are violet ones


def test_the_gradient_points_where_larger_steps_lead() -> None:
    images = (sample_images(2) * 0.8 + 0.1).requires_grad_()
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(images.shape, generator=generator) - 0.5
    (slope,) = torch.autograd.grad((recompressed(images, 75) * weights).sum(), images)
    with torch.no_grad():
        rises, told = [], []
        for _ in range(24):
            way = torch.rand(images.shape, generator=generator).sub(0.5).sign() * 16 / 255
            ends = [(recompressed((images + sign * way), 75) * weights).sum() for sign in (1, -1)]
            rises.append((ends[0] - ends[1]) / 2)
            told.append((slope * way).sum())
    assert torch.corrcoef(torch.stack([torch.stack(rises), torch.stack(told)]))[0, 1] > 0.7


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_that_no_encoder_has_is_refused(quality: int) -> None:
    with pytest.raises(BadOption, match=f"1 to 100, got {quality}"):
        Jpeg(JpegConfig(quality))
