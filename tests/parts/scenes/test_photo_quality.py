"""Blur and noise that were put into a drawn picture are found again; real photos give sane values."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear, srgb_from_rgb_u8
from physadv.library.files.images import load_srgb
from physadv.library.photometry.blur_noise import MAX_READ, MAX_SHOT, SOFT, blur_px, noise_variances
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes

FINE = 4


def drawn(seed: int, blur: float, shot: float = 1e-4, read: float = 1e-5) -> Tensor:
    """``(3, 288, 384)`` 8-bit sRGB of polygons, blurred in linear light before the pixels average it, then noisy."""
    rng, height, width = np.random.default_rng(seed), 288, 384
    canvas = np.empty((height * FINE, width * FINE, 3), np.float32)
    canvas[:] = rng.uniform(0.05, 0.8, 3)
    for _ in range(30):
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7)))
        rim = rng.uniform(20, 120) * FINE * np.stack([np.cos(angles), np.sin(angles)], 1)
        corners = rim + rng.uniform([0, 0], [width * FINE, height * FINE])
        cv2.fillPoly(canvas, [corners.astype(np.int32)], tuple(rng.uniform(0.05, 0.8) * rng.uniform(0.8, 1.2, 3)))
    if blur:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), blur * FINE), np.float32)
    linear = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    noisy = linear + rng.standard_normal(linear.shape) * np.sqrt(shot * linear + read)
    srgb = srgb_from_linear(torch.from_numpy(noisy).float().clamp(0, 1).permute(2, 0, 1))
    return (srgb * 255).round() / 255


def jpeg(srgb: Tensor, quality: int) -> Tensor:
    stream = io.BytesIO()
    codes = (srgb * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    Image.fromarray(codes).save(stream, "JPEG", quality=quality)
    return srgb_from_rgb_u8(np.array(Image.open(stream)))


@pytest.mark.parametrize("blur", [0.5, 0.7, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("noise", [(0.0, 0.0), (1e-4, 1e-5), (1e-3, 1e-4)])
def test_blur_is_found_within_a_quarter(blur: float, noise: tuple[float, float]) -> None:
    assert blur_px(drawn(int(10 * blur), blur, *noise)) == pytest.approx(blur, rel=0.25)


@pytest.mark.parametrize("blur", [0.5, 2.0])
@pytest.mark.parametrize(("shot", "read"), [(1e-4, 1e-5), (1e-3, 1e-4), (5e-4, 4e-4), (0.0, 1e-4), (2e-3, 0.0)])
def test_noise_is_found_within_three_tenths_at_every_brightness(shot: float, read: float, blur: float) -> None:
    a, b = noise_variances(drawn(3, blur, shot, read))
    light = np.array([0.1, 0.2, 0.5, 0.8])
    found, true = np.sqrt(a * light + b), np.sqrt(shot * light + read)
    np.testing.assert_allclose(found, true, rtol=0.3)


def test_a_clean_picture_has_no_noise_and_is_sharp() -> None:
    clean = drawn(1, 0.0, 0.0, 0.0)
    assert max(noise_variances(clean)) < 1e-6
    assert blur_px(clean) < 0.45


def test_a_picture_of_nothing_has_neither() -> None:
    for size in ((3, 64, 64), (3, 5, 9), (3, 1, 1)):
        grey = torch.full(size, 0.5)
        assert blur_px(grey) == 0
        assert noise_variances(grey) == (0.0, 0.0)


def test_the_road_says_what_its_camera_did() -> None:
    config = RoadConfig(images=3, blur_px=[0.7, 0.9], noise=[0.01, 0.02])
    for scene in RoadScenes(config).sweep(1):
        assert scene.blur_px is not None
        assert scene.noise is not None
        assert 0.65 < float(scene.blur_px[0]) < 0.9
        a, b = scene.noise[0].tolist()
        assert a / b == pytest.approx(9, rel=1e-4)
        assert 0.01 <= (a + b) ** 0.5 <= 0.02
        found = noise_variances(scene.srgb[0])
        assert (found[0] * 0.3 + found[1]) ** 0.5 == pytest.approx((a * 0.3 + b) ** 0.5, rel=0.3)


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_compressed_pictures_give_sane_values(quality: int) -> None:
    photo = jpeg(drawn(2, 1.0, 5e-4, 1e-4), quality)
    assert 0.5 < blur_px(photo) < 1.6
    a, b = noise_variances(photo)
    assert 0 <= a <= MAX_SHOT
    assert 0 <= b <= MAX_READ


@pytest.mark.slow
def test_real_photos_blurred_further_measure_as_that_blur(shared: Path) -> None:
    """Single photos are off by texture and depth; their median is not."""
    files = sorted((shared / "data" / "coco128" / "val" / "images").glob("*.jpg"))
    before, after = [], []
    for file in files:
        photo = load_srgb(file)
        linear = linear_from_srgb(photo).permute(1, 2, 0).numpy()
        blurred = srgb_from_linear(torch.from_numpy(cv2.GaussianBlur(linear, (0, 0), 2.0)).permute(2, 0, 1))
        before.append(blur_px(photo))
        after.append(blur_px((blurred.clamp(0, 1) * 255).round() / 255))
        assert 0 <= before[-1] <= SOFT
    assert np.median(before) < 1.2
    assert np.median(after) == pytest.approx(2.1, rel=0.15)
