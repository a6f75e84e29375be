"""Light, cover and the picture's own blur and noise, as they arrive at the pixels."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.core.types import PatchImage, SceneBatch
from physadv.library.colour.conversion import linear_from_srgb
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import CoverConfig, EotConfig, JitterConfig, LightConfig, OpticsConfig, SurfaceConfig
from tests.parts.render.scenes import opaque, scene_of, upright

WHITE = opaque(torch.ones(3, 40, 40), 400.0)


def scene(size: int = 120, px_per_mm: float = 0.2, grey: float = 0.0) -> SceneBatch:
    made = scene_of(torch.full((1, 3, size, size), grey), upright(size / 2, size / 2, px_per_mm))
    made.light[:] = 0.5
    return replace(made, camera_mm=torch.tensor([[0.0, 0.0, -1e6]]))


def light_of(config: EotConfig, where: SceneBatch, patch: PatchImage = WHITE, seed: int = 0) -> Tensor:
    renderer = build_renderer(config)
    draws = renderer.sample(where, generator(seed, "draws"))
    return linear_from_srgb(renderer.render(where, patch, draws))[0]


def key(azimuth_deg: float, ratio: float = 3.0, **more: list[float]) -> LightConfig:
    fixed = {"key_azimuth_deg": [azimuth_deg] * 2, "key_height_deg": [0.0, 0.0], "key_to_ambient": [ratio] * 2}
    return LightConfig(**{**fixed, **more})


def test_a_flat_patch_gets_the_scenes_own_light_wherever_the_key_stands() -> None:
    seen = light_of(EotConfig(light=key(50.0)), scene())
    assert seen[0, 45:75, 45:75] == pytest.approx(torch.full((30, 30), 0.5), abs=2e-3)


def test_a_cylinder_is_lit_by_the_cosine_towards_the_key() -> None:
    radius, azimuth, ratio = 150.0, 30.0, 3.0
    surface = SurfaceConfig(curvature_per_m=[1000 / radius] * 2, cells=32)
    seen = light_of(EotConfig(light=key(azimuth, ratio), surface=surface), scene())[0, 60]
    for x in (-100, -50, 0, 50, 100):
        around = math.asin(x / radius) - math.radians(azimuth)
        wanted = 0.5 * (1 + ratio * max(0, math.cos(around))) / (1 + ratio * math.cos(math.radians(azimuth)))
        assert seen[60 + x // 5] == pytest.approx(wanted, rel=0.02)


def test_a_shadow_takes_its_share_of_the_key_and_no_more() -> None:
    light = key(0.0, 3.0, shadow=[0.8, 0.8], shadow_edge_mm=[20.0, 20.0])
    seen = torch.stack([light_of(EotConfig(light=light), scene(), seed=s)[0, 25:95, 25:95] for s in range(4)])
    assert seen.max() == pytest.approx(0.5, abs=5e-3)
    assert seen.min() == pytest.approx(0.5 * (1 + 3 * 0.2) / 4, abs=5e-3)


def test_gloss_adds_the_lights_colour_where_the_key_is_mirrored() -> None:
    where, black = scene(px_per_mm=0.2), opaque(torch.zeros(3, 40, 40), 400.0)
    where.light[:] = torch.tensor([0.6, 0.4, 0.2])
    seen = light_of(EotConfig(light=key(0.0, 1.0, gloss=[0.3, 0.3], gloss_width_deg=[10.0, 10.0])), where, black)
    assert seen[:, 60, 60] == pytest.approx(0.3 * where.light[0], rel=0.02)


def test_vignetting_darkens_towards_the_corner() -> None:
    where = scene()
    where.image_from_surface[0, :2, 2] = torch.tensor([102.0, 102.0])
    seen = light_of(EotConfig(optics=OpticsConfig(vignetting=[0.4, 0.4])), where)
    radius = (100 - 59.5) / 60
    assert seen[0, 100, 100] == pytest.approx(0.5 * (1 - 0.4 * radius**2), rel=0.01)


def test_an_arm_lets_the_picture_show_and_keeps_the_gradient_off() -> None:
    where, srgb = scene(grey=0.2), torch.ones(3, 40, 40).requires_grad_()
    patch = PatchImage(srgb, torch.ones(1, 40, 40), 400.0)
    config = EotConfig(cover=CoverConfig(arms=[0.3, 0.3]))
    renderer = build_renderer(config)
    image = renderer.render(where, patch, renderer.sample(where, generator(0, "draws")))
    shown = image[0, 0, 22:98, 22:98]
    assert ((shown - 0.2).abs() < 1e-3).float().mean() == pytest.approx(0.3, abs=0.12)
    image.sum().backward()
    assert srgb.grad is not None
    assert (srgb.grad.sum(0) == 0).float().mean() > 0.1


def test_a_scenes_mask_lies_in_front_of_the_patch() -> None:
    where = scene(grey=0.2)
    mask = torch.ones(1, 1, 120, 120)
    mask[..., :60] = 0
    seen = light_of(EotConfig(), replace(where, visible=mask))[0]
    assert seen[60, 30:60] == pytest.approx(torch.full((30,), float(linear_from_srgb(torch.tensor(0.2)))), abs=1e-4)
    assert seen[60, 60:90] == pytest.approx(torch.full((30,), 0.5), abs=1e-3)


def test_the_pictures_own_blur_and_noise_are_done_to_the_patch() -> None:
    edge = torch.zeros(3, 80, 80)
    edge[:, :, 40:] = 1.0
    where = scene()
    blurred = replace(where, blur_px=torch.tensor([3.0]))
    drawn = EotConfig(optics=OpticsConfig(defocus_px=[3.0, 3.0]))
    assert torch.equal(light_of(EotConfig(), blurred, opaque(edge, 400.0)), light_of(drawn, where, opaque(edge, 400.0)))
    noisy = light_of(EotConfig(), replace(where, noise=torch.tensor([[2e-3, 1e-4]])))[:, 30:90, 30:90]
    assert noisy.var() == pytest.approx(2e-3 * 0.5 + 1e-4, rel=0.1)


def test_repeating_cloth_is_rolled_from_draw_to_draw() -> None:
    tile = torch.rand(3, 10, 10, generator=torch.Generator().manual_seed(0)).repeat(1, 4, 4)
    cloth = PatchImage(tile, torch.ones(1, 40, 40), 400.0, repeats=True)
    renderer, where = build_renderer(EotConfig()), scene()
    draws = [renderer.sample(where, generator(seed, "draws")) for seed in (1, 2)]
    images = [renderer.render(where, cloth, d)[0, :, 25:95, 25:95] for d in draws]
    assert not torch.allclose(images[0], images[1], atol=0.05)
    assert float(images[0].mean()) == pytest.approx(float(images[1].mean()), abs=0.02)


@pytest.mark.slow
def test_the_gradient_is_that_of_the_image_with_everything_on() -> None:
    where = scene_of(torch.rand(1, 3, 10, 10).double(), upright(4.6, 5, 0.004).double())
    where = replace(where, visible=torch.rand(1, 1, 10, 10).double(), light=where.light.double())
    light = LightConfig(saturation=[0.5, 0.5], key_to_ambient=[2, 2], shadow=[0.5, 0.5], gloss=[0.1, 0.1],
                        contrast=[0.8, 0.8], brightness=[0.05, 0.05], temperature_k=[4000, 4000])  # fmt: skip
    config = EotConfig(
        jitter=JitterConfig(yaw_deg=[20, 20]), light=light, cover=CoverConfig(arms=[0.2, 0.2]),
        surface=SurfaceConfig(curvature_per_m=[0.5, 0.5], folds=[0.02, 0.02], cells=4),
        optics=OpticsConfig(motion_px=[2, 2], vignetting=[0.2, 0.2], distortion=[0.05, 0.05]),
    )  # fmt: skip
    renderer = build_renderer(config)
    draws = renderer.sample(where, generator(0, "draws"))
    alpha = torch.rand(1, 3, 4).double()

    def image(srgb: Tensor) -> Tensor:
        return renderer.render(where, PatchImage(srgb, alpha, 1000.0), draws)

    assert torch.autograd.gradcheck(image, (torch.rand(3, 3, 4).double() * 0.8 + 0.1).requires_grad_())
