"""What must hold for every render: geometry, light and gradient agree with a brute-force camera."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import generator
from physadv.core.types import PatchImage, SceneBatch
from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, LightConfig, OpticsConfig, PlaceConfig, SensorConfig
from tests.parts.render.scenes import opaque, scene_of, supersampled, upright

WILD = EotConfig(
    jitter=JitterConfig(yaw_deg=[-40, 40], pitch_deg=[-20, 20], roll_deg=[-30, 30], shift_mm=[-50, 50],
                        scale=[0.7, 1.3]),
    light=LightConfig(exposure_ev=[-1, 1], white_balance=[0.9, 1.1], contrast=[0.8, 1.2], brightness=[-0.1, 0.1],
                      saturation=[0.5, 1.5]),
    optics=OpticsConfig(defocus_px=[0, 2]),
    sensor=SensorConfig(shot=[0, 0.01], read=[0, 0.001]),
)  # fmt: skip


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def crowd() -> SceneBatch:
    """Three images, one of them empty; wearers that overlap, one without, one half outside, one far outside."""
    homographies = torch.cat([
        upright(30, 30, 0.03), upright(42, 34, 0.03), upright(60, 20, 0.02), upright(62, 62, 0.03), upright(900, 9, 1),
    ])  # fmt: skip
    scene = scene_of(noise(3, 3, 64, 64, seed=1), homographies, image_of=[0, 0, 0, 2, 2])
    scene.wears[2] = False
    return scene


def render(config: EotConfig, scene: SceneBatch, patch: PatchImage, seed: int = 0) -> Tensor:
    renderer = build_renderer(config)
    return renderer.render(scene, patch, renderer.sample(scene, generator(seed, "draws")))


@pytest.mark.parametrize("quality", ["fast", "high"])
def test_a_patch_of_the_backgrounds_colour_changes_nothing(quality: str) -> None:
    colour = torch.tensor([0.8, 0.3, 0.02])[:, None, None]
    scene = scene_of(
        colour.expand(1, 3, 64, 64).contiguous(), torch.cat([upright(30.3, 31, 0.03), upright(40, 41, 0.03)])
    )
    config = EotConfig(jitter=WILD.jitter, optics=OpticsConfig(defocus_px=[0, 3]), quality=quality)
    images = render(config, scene, opaque(colour.expand(3, 50, 70).contiguous(), 1000.0))
    assert (images - scene.srgb).abs().max() <= 1 / 255 / 4


def test_the_same_seed_renders_the_same_image_bit_for_bit_and_another_seed_does_not() -> None:
    scene, patch = crowd(), opaque(noise(3, 40, 40), 1000.0)
    assert torch.equal(render(WILD, scene, patch, seed=1), render(WILD, scene, patch, seed=1))
    assert not torch.equal(render(WILD, scene, patch, seed=1), render(WILD, scene, patch, seed=2))


def test_draws_replay_exactly_and_two_renders_do_not_disturb_each_other() -> None:
    scene, patch, renderer = crowd(), opaque(noise(3, 40, 40), 1000.0), build_renderer(WILD)
    first, second = (renderer.sample(scene, generator(seed, "draws")) for seed in (1, 2))
    image = renderer.render(scene, patch, first)
    before = image.clone()
    renderer.render(scene, patch, second)
    assert torch.equal(image, before)
    assert torch.equal(renderer.render(scene, patch, first), before)
    out = torch.empty_like(scene.srgb)
    assert torch.equal(renderer.render_into(out, scene, patch, first), before)


@pytest.mark.parametrize("minification", [2.0, 4.0, 8.0, 12.0])
def test_gradient_reaches_the_texels(minification: float) -> None:
    side = 192 / minification
    srgb = noise(3, 192, 192).requires_grad_()
    scene = scene_of(torch.full((1, 3, 128, 128), 0.5), upright(64.3, 63.8, side / 1000))
    config = EotConfig(jitter=JitterConfig(roll_deg=[17, 17], yaw_deg=[30, 30]))
    render(config, scene, opaque(srgb, 1000.0)).sum().backward()
    assert srgb.grad is not None
    assert (srgb.grad.abs().sum(0) > 0).float().mean() >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("yaw_deg", "fast", "high"), [(0, 0.055, 0.015), (30, 0.055, 0.015), (60, 0.06, 0.03)])
def test_a_noise_patch_looks_as_256_rays_a_pixel_see_it(yaw_deg: float, fast: float, high: float) -> None:
    """The bounds are the renderer's stated error (root mean square of sRGB, over all pixels touched)."""
    jitter, patch = JitterConfig(yaw_deg=[yaw_deg] * 2, roll_deg=[17, 17]), opaque(noise(3, 240, 240), 1000.0)
    for minification in (2.0, 3.0, 4.0, 8.0, 12.0):
        side = 240 / minification
        size = int(side * 1.3) + 8
        scene = scene_of(torch.full((1, 3, size, size), 0.5), upright(size / 2 + 0.3, size / 2 - 0.2, side / 1000))
        renderer = build_renderer(EotConfig(jitter=jitter))
        draws = renderer.sample(scene, generator(0, "draws"))
        truth = supersampled(scene.srgb[0], patch, renderer.homographies(scene, patch, draws)[0])
        touched = (truth - 0.5).abs() > 1e-6
        for quality, bound in (("fast", fast), ("high", high)):
            renderer = build_renderer(EotConfig(jitter=jitter, quality=quality))
            error = (renderer.render(scene, patch, draws)[0] - truth)[touched].square().mean().sqrt()
            assert error <= bound, f"{quality}: {error:.4f} at {minification}x"


def test_a_patch_lands_where_millimetres_say() -> None:
    place = PlaceConfig(x_mm=10, y_mm=-20, roll_deg=90)  # counter-clockwise: what was right is now up
    srgb = torch.zeros(3, 4, 8)
    srgb[:, 1:3, 6:] = 1.0
    scene = scene_of(torch.zeros(1, 3, 100, 100), upright(50, 60, 1.0))
    image = render(EotConfig(place=place), scene, opaque(srgb, 40.0))[0, 0]
    y, x = (image > 0.9).nonzero().float().mean(0).tolist()
    assert (x, y) == pytest.approx((60, 25), abs=0.6)


def test_yaw_turns_the_right_edge_away_and_pitch_the_top_edge() -> None:
    scene = scene_of(torch.zeros(1, 3, 90, 90), upright(45, 45, 0.05))
    white = opaque(torch.ones(3, 16, 16), 1000.0)
    yawed = render(EotConfig(jitter=JitterConfig(yaw_deg=[40, 40])), scene, white)[0, 0]
    pitched = render(EotConfig(jitter=JitterConfig(pitch_deg=[40, 40])), scene, white)[0, 0]
    assert yawed[:, 60].sum() < yawed[:, 30].sum() - 5
    assert pitched[30].sum() < pitched[60].sum() - 5


def test_a_red_square_stays_red() -> None:
    red = torch.tensor([0.8, 0.05, 0.1])[:, None, None].expand(3, 32, 32).contiguous()
    scene = scene_of(noise(1, 3, 64, 64), upright(32, 32, 0.04))
    assert render(EotConfig(), scene, opaque(red, 1000.0))[0, :, 32, 32] == pytest.approx(red[:, 0, 0], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("quality", ["fast", "high"])
def test_the_gradient_is_that_of_the_image(quality: str) -> None:
    scene = scene_of(noise(1, 3, 8, 8).double(), torch.cat([upright(3, 3, 0.004), upright(5, 4, 0.004)]).double())
    light, alpha = LightConfig(saturation=[0.5, 0.5]), noise(1, 3, 4, seed=3).double()
    jitter = JitterConfig(yaw_deg=[20, 20], roll_deg=[9, 9])
    renderer = build_renderer(EotConfig(jitter=jitter, light=light, quality=quality))
    draws = renderer.sample(scene, generator(0, "draws"))

    def image(srgb: Tensor) -> Tensor:
        return renderer.render(scene, PatchImage(srgb, alpha, 1000.0), draws)

    assert torch.autograd.gradcheck(image, (noise(3, 3, 4, seed=4).double() * 0.8 + 0.1).requires_grad_())


def test_over_exposed_pixels_keep_a_gradient() -> None:
    srgb = torch.full((3, 16, 16), 0.9).requires_grad_()
    scene = scene_of(torch.zeros(1, 3, 40, 40), upright(20, 20, 0.02))
    image = render(EotConfig(light=LightConfig(exposure_ev=[3, 3])), scene, opaque(srgb, 1000.0))
    assert image.detach().max() == pytest.approx(1)
    image.sum().backward()
    assert srgb.grad is not None
    assert srgb.grad.min() > 0


def test_images_without_a_wearer_are_left_alone_and_do_not_break_the_backward() -> None:
    scene, patch = crowd(), opaque(noise(3, 40, 40).requires_grad_(), 1000.0)
    images = render(WILD, scene, patch)
    assert torch.equal(images[1], scene.srgb[1])
    assert not torch.equal(images[0], scene.srgb[0])
    scene.wears.fill_(False)
    untouched = render(WILD, scene, patch)
    assert torch.equal(untouched, scene.srgb)
    untouched.sum().backward()
    empty = scene_of(noise(2, 3, 16, 16), torch.zeros(0, 3, 3))
    assert torch.equal(render(WILD, empty, patch), empty.srgb)


def test_padding_is_never_painted() -> None:
    scene = scene_of(noise(1, 3, 64, 64), upright(38, 38, 0.05), sizes=[[40, 36]])
    changed = (render(EotConfig(), scene, opaque(noise(3, 9, 9), 1000.0)) != scene.srgb)[0].any(0)
    assert changed[:40, :36].any()
    assert not changed[40:].any()
    assert not changed[:, 36:].any()


def test_what_repeats_a_scene_renders_each_draw_on_its_own() -> None:
    scene, patch, renderer = crowd(), opaque(noise(3, 40, 40), 1000.0), build_renderer(EotConfig())
    once = renderer.render(scene, patch, renderer.sample(scene, generator(0, "draws")))
    twice = scene.repeat(2)
    images = renderer.render(twice, patch, renderer.sample(twice, generator(0, "draws")))
    assert torch.allclose(images, once.repeat(2, 1, 1, 1), atol=1e-6)


def test_a_later_wearer_lies_on_top_and_half_transparent_paper_shows_what_is_below() -> None:
    scene = scene_of(
        torch.zeros(1, 3, 60, 60), torch.cat([upright(24, 30, 0.03), upright(36, 30, 0.03), upright(30, 30, 0.03)])
    )
    half = PatchImage(torch.ones(3, 30, 30), torch.full((1, 30, 30), 0.5), 1000.0)
    scene.light[:] = torch.tensor([[0.9, 0, 0], [0, 0.9, 0], [0, 0, 0.9]])
    image = render(EotConfig(), scene, half)[0, :, 30]
    three = linear_from_srgb(image[:, 30])
    assert three == pytest.approx(torch.tensor([0.1125, 0.225, 0.45]), abs=1e-3)
    assert linear_from_srgb(image[:, 12]) == pytest.approx(torch.tensor([0.45, 0, 0]), abs=1e-3)
    whole = render(EotConfig(), scene, opaque(torch.ones(3, 30, 30), 1000.0))[0, :, 30, 30]
    assert whole[:2].max() < 1e-4


def test_light_and_noise_are_what_the_formula_says() -> None:
    light = LightConfig(
        exposure_ev=[1, 1], white_balance=[0.5, 0.5], contrast=[0.8, 0.8], brightness=[0.1, 0.1], saturation=[0.5, 0.5]
    )
    scene = scene_of(torch.zeros(1, 3, 200, 200), upright(100, 100, 0.18))
    scene.light[0] = torch.tensor([0.4, 0.3, 0.2])
    print_ = torch.tensor([0.6, 0.2, 0.1])
    patch = opaque(srgb_from_linear(print_)[:, None, None].expand(3, 8, 8).contiguous(), 1000.0)
    luminance = print_ @ torch.tensor([0.2126, 0.7152, 0.0722])
    reflectance = 0.8 * (0.5 * print_ + 0.5 * luminance - 0.18) + 0.18 + 0.1
    wanted = reflectance * scene.light[0] * 2 * torch.tensor([0.5, 1, 0.5])
    seen = linear_from_srgb(render(EotConfig(light=light), scene, patch))[0, :, 50:150, 50:150]
    assert seen.mean((1, 2)) == pytest.approx(wanted, rel=1e-4)
    sensor = SensorConfig(shot=[0.001, 0.001], read=[0.0001, 0.0001])
    noisy = linear_from_srgb(render(EotConfig(light=light, sensor=sensor), scene, patch))[0, :, 50:150, 50:150]
    assert noisy.var((1, 2)) == pytest.approx(0.001 * wanted + 0.0001, rel=0.1)


@pytest.mark.parametrize(("quality", "bound"), [("fast", 0.055), ("high", 0.03)])
def test_defocus_is_a_gaussian_blur_of_the_patch(quality: str, bound: float) -> None:
    edge = torch.zeros(3, 128, 128)
    edge[:, :, 64:] = 1.0
    scene = scene_of(torch.zeros(1, 3, 80, 80), upright(40.3, 40, 0.064))
    for sigma in (1.0, 2.0, 4.0):
        image = render(
            EotConfig(optics=OpticsConfig(defocus_px=[sigma] * 2), quality=quality), scene, opaque(edge, 1000.0)
        )
        x = torch.arange(80) - 40.3
        both = 0.5 * (torch.erf(x / sigma / 2**0.5) - torch.erf((x - 32) / sigma / 2**0.5))
        assert (linear_from_srgb(image)[0, 0, 40] - both).square().mean().sqrt() < bound


def test_a_surface_without_an_image_is_refused_by_name() -> None:
    patch = opaque(noise(3, 8, 8), 1000.0)
    for broken in (torch.zeros(1, 3, 3), upright(10, 10, 0.0), torch.full((1, 3, 3), torch.nan)):
        with pytest.raises(BadInput, match=r"object 0 \(in 'image 0'\)"):
            render(EotConfig(), scene_of(noise(1, 3, 16, 16), broken), patch)


def test_a_patch_that_sticks_out_behind_the_camera_or_has_no_width_covers_nothing() -> None:
    through = upright(10, 10, 0.01)
    through[0, 2, 0] = 0.01
    thin = upright(10, 10, 0.01)
    thin[0, 0, 0] = 1e-5
    for surface in (through, thin):
        scene = scene_of(noise(1, 3, 32, 32), surface)
        assert torch.equal(render(EotConfig(), scene, opaque(noise(3, 8, 8), 1000.0)), scene.srgb)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (EotConfig(jitter=JitterConfig(yaw_deg=[-90, 90])), "eot.jitter.yaw_deg must be"),
        (EotConfig(light=LightConfig(contrast=[1.2, 0.8])), "eot.light.contrast must be"),
        (EotConfig(optics=OpticsConfig(defocus_px=[1.0])), "eot.optics.defocus_px must be"),
        (EotConfig(quality="best"), "eot.quality must be fast or high"),
        (EotConfig(jitter=JitterConfig(viewing_distance_mm=0)), "viewing_distance_mm must be positive"),
    ],
)
def test_options_out_of_range_are_named(config: EotConfig, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        build_renderer(config)
