"""The renderer inside other people's modes: autocast, torch.compile, double precision, no wearer at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.core.types import PatchImage, SceneBatch
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import (
    CameraConfig,
    CoverConfig,
    EotConfig,
    JitterConfig,
    LightConfig,
    OpticsConfig,
    SensorConfig,
    SurfaceConfig,
)
from tests.parts.render.scenes import scene_of, upright

EVERYTHING = EotConfig(
    jitter=JitterConfig(yaw_deg=[-30, 30], roll_deg=[-20, 20], shift_mm=[-20, 20]),
    surface=SurfaceConfig(curvature_per_m=[1, 3], folds=[0, 0.05], stretch=[0.97, 1.03], cells=6),
    cover=CoverConfig(arms=[0, 0.3]),
    light=LightConfig(exposure_ev=[-1, 1], saturation=[0.5, 1], key_to_ambient=[0, 4], shadow=[0, 0.6], gloss=[0, 0.3]),
    optics=OpticsConfig(defocus_px=[0, 2], motion_px=[0, 6], distortion=[-0.1, 0.1], vignetting=[0, 0.3]),
    sensor=SensorConfig(shot=[0, 1e-3], read=[0, 1e-4], rolling_shutter=[-0.1, 0.1]),
    camera=CameraConfig(exposure_ev=[-1, 1], auto_exposure=[0, 1], tone=[0.8, 1.2], demosaic=True, sharpen=[0, 0.5],
                        compression=[5, 50]),
)  # fmt: skip


def crowd() -> SceneBatch:
    images = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(0))
    surfaces = torch.cat([upright(30, 30, 0.03), upright(50, 34, 0.04), upright(40, 30, 0.03)])
    scene = scene_of(images, surfaces, image_of=[0, 0, 1])
    return replace(scene, blur_px=torch.tensor([0.5, 0.7]), noise=torch.full((2, 2), 1e-4))


def patch() -> PatchImage:
    srgb = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(1))
    return PatchImage(srgb.requires_grad_(), torch.ones(1, 40, 40), 1000.0)


def picture(scene: SceneBatch, printed: PatchImage) -> Tensor:
    renderer = build_renderer(EVERYTHING)
    return renderer.render(scene, printed, renderer.sample(scene, generator(0, "draws")))


def test_everything_at_once_repeats_bit_for_bit_and_reaches_the_texels() -> None:
    first, second, printed = picture(crowd(), patch()), picture(crowd(), patch()), patch()
    assert torch.equal(first, second)
    assert first.min() >= 0
    assert first.max() <= 1
    picture(crowd(), printed).sum().backward()
    assert printed.srgb.grad is not None
    assert printed.srgb.grad.isfinite().all()
    assert (printed.srgb.grad.abs().sum(0) > 0).float().mean() > 0.6


def test_autocast_to_bfloat16_renders_the_same_and_keeps_the_gradient_in_float32() -> None:
    plain = picture(crowd(), patch())
    printed = patch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = picture(crowd(), printed)
        loss = (cast @ torch.ones(80, 4)).float().mean()
    loss.backward()
    assert cast.dtype == torch.float32
    assert torch.equal(cast, plain)
    assert printed.srgb.grad is not None
    assert printed.srgb.grad.dtype == torch.float32
    assert printed.srgb.grad.abs().sum() > 0


def test_in_double_precision_it_renders_what_single_precision_does() -> None:
    scene, printed = replace(crowd(), noise=None), patch()
    double = replace(scene, srgb=scene.srgb.double(), light=scene.light.double())
    renderer = build_renderer(replace(EVERYTHING, sensor=SensorConfig(), camera=CameraConfig(tone=[1.2, 1.2])))
    draws = renderer.sample(scene, generator(0, "draws"))
    exact = renderer.render(double, PatchImage(printed.srgb.double(), printed.alpha.double(), 1000.0), draws)
    assert exact.dtype == torch.float64
    assert (renderer.render(scene, printed, draws) - exact).abs().max() < 5e-3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the compiler warns about parts of its own
def test_a_compiled_step_gives_the_same_picture_and_gradient() -> None:
    scene, renderer = crowd(), build_renderer(EVERYTHING)
    draws = renderer.sample(scene, generator(0, "draws"))
    weight = torch.rand(80, 3, generator=torch.Generator().manual_seed(2))

    def loss(srgb: Tensor) -> Tensor:
        images = renderer.render(scene, PatchImage(srgb, torch.ones(1, 40, 40), 1000.0), draws)
        return torch.relu(images @ weight).mean()

    plain, compiled = patch().srgb, patch().srgb
    loss(plain).backward()
    torch.compile(loss)(compiled).backward()
    assert plain.grad is not None
    assert compiled.grad is not None
    assert torch.allclose(plain.grad, compiled.grad, rtol=1e-3, atol=1e-7)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_the_same_draws_give_the_same_picture() -> None:
    scene, renderer = crowd(), build_renderer(replace(EVERYTHING, sensor=SensorConfig()))
    scene = replace(scene, noise=None)
    draws = renderer.sample(scene, generator(0, "draws"))
    there = type(draws)({
        stage: {name: v if name in ("seed", "crop") else v.cuda() for name, v in values.items()}
        for stage, values in draws.stages.items()
    })  # fmt: skip
    printed = patch()
    far = PatchImage(printed.srgb.detach().cuda(), printed.alpha.cuda(), 1000.0)
    error = renderer.render(scene.to("cuda"), far, there).cpu() - renderer.render(scene, printed, draws)
    assert error.abs().mean() < 0.01
