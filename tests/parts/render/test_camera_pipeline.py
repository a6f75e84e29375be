"""The camera's stages agree with their formulas, treat background and patch alike, and rest when they are neutral."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from physadv.core.types import SceneBatch
from physadv.library.colour.conversion import LUMINANCE, linear_from_srgb, srgb_from_linear
from physadv.parts.render.camera_pipeline import CameraPipeline
from physadv.parts.render.options import CameraConfig
from physadv.parts.render.sparse_filter import Pixels
from tests.parts.render.copies import demosaic, recompress, sharpen
from tests.parts.render.scenes import scene_of, upright

GREY = float(srgb_from_linear(torch.tensor(0.18, dtype=torch.float64)))


def codes_of(*shape: int, seed: int = 0) -> Tensor:
    """Random codes as a file has them."""
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(seed)).float() / 255


def scene(images: Tensor, sizes: list[list[int]] | None = None) -> SceneBatch:
    return scene_of(images, upright(8, 8, 0.1), sizes=sizes)


def drawn(count: int = 1, **options: float) -> dict[str, Tensor]:
    neutral = {"exposure_ev": 0.0, "auto_exposure": 0.0, "auto_white_balance": 0.0, "tone": 1.0, "sharpen": 0.0,
               "compression": 0.0}  # fmt: skip
    values = {name: torch.full((count,), value) for name, value in {**neutral, **options}.items()}
    return {"white_balance": torch.ones(count, 2), **values}


def half_masked(images: Tensor) -> Tensor:
    mask = torch.zeros_like(images[:, :1], dtype=torch.bool)
    mask[:, :, :, images.shape[3] // 2 :] = True
    return mask


def everywhere(images: Tensor) -> Pixels:
    return Pixels.where(torch.ones_like(images[:, :1], dtype=torch.bool))


def kernel(side: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    line = np.array([side, 1.0, side])
    return np.outer(line, line)


def test_a_neutral_camera_rests() -> None:
    camera = CameraPipeline(CameraConfig())
    assert not camera.curves
    assert not camera.processes
    images = codes_of(1, 3, 8, 8)
    assert camera.process(images, drawn(), None) is images


@pytest.mark.parametrize(
    "config",
    [
        CameraConfig(exposure_ev=[-1, 0]), CameraConfig(white_balance=[0.9, 1]), CameraConfig(auto_exposure=[0, 1]),
        CameraConfig(auto_white_balance=[0, 0.1]), CameraConfig(tone=[1, 1.2]),
    ],
)  # fmt: skip
def test_a_camera_that_may_change_codes_says_so(config: CameraConfig) -> None:
    assert CameraPipeline(config).curves
    assert not CameraPipeline(config).processes


def test_neutral_draws_change_no_code() -> None:
    images, camera = codes_of(2, 3, 16, 16), CameraPipeline(CameraConfig())
    table = camera.curve(scene(images), drawn(2))
    torch.testing.assert_close(camera.background(images, table), images, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("stops", "tone"), [(0.0, 1.5), (1.0, 1.0), (-2.0, 0.7), (0.7, 2.5)])
def test_the_curve_is_the_formula_and_rises(stops: float, tone: float) -> None:
    images, camera = codes_of(1, 3, 64, 64), CameraPipeline(CameraConfig())
    light = drawn(exposure_ev=stops, tone=tone) | {"white_balance": torch.tensor([[1.2, 0.9]])}
    table = camera.curve(scene(images), light)
    assert (table.diff(dim=2) >= 0).all()
    codes = torch.rand(3, 5000, generator=torch.Generator().manual_seed(1))
    exposed = camera.expose(codes, torch.zeros(5000, dtype=torch.int64), table)
    gain = torch.tensor([1.2, 1.0, 0.9])[:, None] * 2**stops
    encoded = srgb_from_linear((linear_from_srgb(codes.double()) * gain).clamp(0, 1))
    odds = GREY / (1 - GREY)
    truth = odds * (encoded / odds / (1 - encoded)) ** tone
    truth = torch.where(encoded < 1, truth / (1 + truth), 1.0)
    assert (exposed - truth).abs().max() < 1 / 512


def test_the_tone_curve_turns_about_mid_grey_with_the_slope_asked_for() -> None:
    table = CameraPipeline(CameraConfig()).curve(scene(codes_of(1, 3, 8, 8)), drawn(tone=1.8))
    at = torch.tensor([[0.0, 1.0, GREY - 0.01, GREY, GREY + 0.01]]).expand(3, -1)
    black, white, below, grey, above = CameraPipeline(CameraConfig()).expose(
        at, torch.zeros(5, dtype=torch.int64), table
    )[0]
    assert float(black) == 0
    assert float(white) == 1
    assert float(grey) == pytest.approx(GREY, abs=1e-5)
    assert float(above - below) / 0.02 == pytest.approx(1.8, rel=0.01)


def test_full_automatics_make_a_grey_mean_of_a_fifth() -> None:
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 0.3 + 0.1
    images[:, 0] *= 0.6
    camera, shares = (
        CameraPipeline(CameraConfig()),
        drawn(2, auto_exposure=1.0, auto_white_balance=1.0, exposure_ev=-1.0),
    )
    table = camera.curve(scene(images), shares)
    seen = linear_from_srgb(camera.background(images, table))[:, :, ::8, ::8].mean((2, 3))
    assert seen == pytest.approx(torch.full((2, 3), 0.18), rel=0.02)


def test_half_of_auto_exposure_goes_half_the_stops_and_knows_no_padding() -> None:
    images = torch.full((1, 3, 32, 32), 0.95)
    images[:, :, :16, :24] = srgb_from_linear(torch.tensor(0.045))
    camera = CameraPipeline(CameraConfig())
    table = camera.curve(scene(images, sizes=[[16, 24]]), drawn(auto_exposure=0.5))
    exposed = camera.background(images, table)[0, :, 0, 0]
    assert linear_from_srgb(exposed) == pytest.approx(torch.full((3,), 0.09), rel=0.02)


def test_a_black_picture_stays_finite_and_black() -> None:
    images, camera = torch.zeros(1, 3, 16, 16), CameraPipeline(CameraConfig())
    table = camera.curve(scene(images), drawn(auto_exposure=1.0, auto_white_balance=1.0))
    assert table.isfinite().all()
    assert torch.equal(camera.background(images, table), images)


def test_patch_and_background_of_one_code_stay_alike() -> None:
    images, camera = codes_of(2, 3, 20, 30), CameraPipeline(CameraConfig())
    table = camera.curve(scene(images), drawn(2, exposure_ev=0.6, tone=1.3, auto_white_balance=0.5))
    background = camera.background(images, table)
    image = torch.arange(2).repeat_interleave(600)
    exposed = camera.expose(images.transpose(0, 1).reshape(3, -1), image, table)
    torch.testing.assert_close(background.transpose(0, 1).reshape(3, -1), exposed, atol=2e-5, rtol=0)


def test_the_background_can_be_written_into_what_the_caller_has() -> None:
    images, camera = codes_of(2, 3, 20, 30), CameraPipeline(CameraConfig())
    table = camera.curve(scene(images), drawn(2, exposure_ev=0.6))
    before, out = images.clone(), torch.empty_like(images)
    assert camera.background(images, table, out) is out
    assert torch.equal(out, camera.background(images, table))
    assert torch.equal(images, before)
    assert torch.equal(camera.background(images, table, images), out)  # even in place


def test_the_gradient_through_the_curve_is_its_slope() -> None:
    images, camera = codes_of(2, 3, 16, 16), CameraPipeline(CameraConfig())
    table = camera.curve(scene(images), drawn(2, exposure_ev=0.5, tone=1.4)).double()
    cells = torch.randint(1, 1019, (3, 20), generator=torch.Generator().manual_seed(3))
    codes = ((cells + 0.5) / 1020).double().requires_grad_()
    image = torch.randint(2, (20,), generator=torch.Generator().manual_seed(4))
    assert torch.autograd.gradcheck(lambda codes: camera.expose(codes, image, table), codes, eps=1e-5)


def test_a_step_is_sharpened_as_scipy_does() -> None:
    images = torch.full((1, 3, 12, 16), 0.3)
    images[..., 9:] = 0.8
    out = sharpen(images, everywhere(images), torch.tensor([1.4]))
    plane = images[0, 0].double().numpy()
    blurred = ndimage.convolve(plane, kernel(0.5) / 4, mode="mirror")
    truth = torch.from_numpy((plane + 1.4 * (plane - blurred)).clip(0, 1))
    torch.testing.assert_close(out[0], truth.float().expand(3, -1, -1), atol=1e-6, rtol=0)
    assert out.max() > 0.9


def test_a_share_of_nothing_sharpens_nothing() -> None:
    images = codes_of(2, 3, 10, 10)
    out = sharpen(images, everywhere(images), torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(out[0], images[0], atol=1e-6, rtol=0)
    assert not torch.equal(out[1], images[1])


def test_the_bayer_pattern_is_what_scipy_makes_of_a_masked_mosaic_in_linear_light() -> None:
    images = codes_of(1, 3, 11, 14)
    out = demosaic(images, everywhere(images))
    y, x = np.mgrid[:11, :14]
    samples = [(y % 2 == 0) & (x % 2 == 0), (y + x) % 2 == 1, (y % 2 == 1) & (x % 2 == 1)]
    cross = np.array([[0, 0.25, 0], [0.25, 1, 0.25], [0, 0.25, 0]])
    light = linear_from_srgb(images[0].double()).numpy()
    for channel, (sample, weights) in enumerate(zip(samples, (kernel(0.5), cross, kernel(0.5)), strict=True)):
        mean = ndimage.convolve(light[channel] * sample, weights, mode="mirror")
        truth = srgb_from_linear(torch.from_numpy(mean))
        torch.testing.assert_close(out[0, channel], truth.float(), atol=5e-5, rtol=0)


def test_an_even_colour_has_no_pattern() -> None:
    images = torch.tensor([0.8, 0.3, 0.02])[:, None, None].expand(1, 3, 9, 9).contiguous()
    out = sharpen(demosaic(images, everywhere(images)), everywhere(images), torch.tensor([3.0]))
    torch.testing.assert_close(out, images, atol=1e-5, rtol=0)


def test_only_the_patch_sees_pattern_and_sharpening() -> None:
    images = codes_of(2, 3, 16, 16)
    camera = CameraPipeline(CameraConfig(demosaic=True, sharpen=[0, 1]))
    out = camera.process(images.clone(), drawn(2, sharpen=0.7), half_masked(images))
    assert torch.equal(out[..., :8], images[..., :8])
    assert not torch.equal(out[..., 8:], images[..., 8:])
    all_over = camera.process(images.clone(), drawn(2, sharpen=0.7), None)
    torch.testing.assert_close(all_over[..., 10:], out[..., 10:])
    nowhere = camera.process(images.clone(), drawn(2, sharpen=0.7), torch.zeros(2, 1, 16, 16, dtype=torch.bool))
    assert torch.equal(nowhere, images)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["demosaic", "sharpen"])
def test_the_gradient_of_the_filters_is_right(stage: str) -> None:
    images = (codes_of(2, 3, 5, 6).double() * 0.5 + 0.25).requires_grad_()
    mask = half_masked(images)
    mask[:, :, 1:3, 1] = True
    pixels = Pixels.where(mask)

    def treated(images: Tensor) -> Tensor:
        return demosaic(images, pixels) if stage == "demosaic" else sharpen(images, pixels, torch.tensor([0.2, 0.3]))

    assert torch.autograd.gradcheck(treated, images)


def test_the_file_comes_last_and_its_strength_is_what_quality_lacks() -> None:
    images = codes_of(2, 3, 16, 16)
    camera = CameraPipeline(CameraConfig(sharpen=[0, 1], compression=[0, 50]))
    strengths = drawn(2, sharpen=0.5) | {"compression": torch.tensor([0.0, 40.0])}
    out = camera.process(images.clone(), strengths, None)
    sharp = sharpen(images, everywhere(images), torch.tensor([0.5, 0.5]))
    assert torch.equal(out, recompress(sharp, torch.tensor([100.0, 60.0]), "jpeg"))
    assert torch.equal(out[0], sharp[0])


def test_grey_is_weighed_as_the_eye_does() -> None:
    images = torch.zeros(1, 3, 16, 16)
    images[:, 1] = 0.5
    camera = CameraPipeline(CameraConfig())
    table = camera.curve(scene(images), drawn(auto_exposure=1.0))
    green = linear_from_srgb(camera.background(images, table)[0, 1, 0, 0])
    assert float(green) * LUMINANCE[1] == pytest.approx(0.18, rel=0.02)
