"""Bent surfaces, lens and shutter, against rays that are cast at the exact surface."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.core.types import PatchImage, SceneBatch
from physadv.parts.render.cloth import FOLDS, SIDE, spline
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, OpticsConfig, PlaceConfig, SensorConfig, SurfaceConfig
from tests.parts.render.scenes import cast, opaque, scene_of, supersampled, upright

EYE = torch.tensor([150.0, -200.0, -1500.0])  # mm: neither straight ahead nor level


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def soft(side: int) -> PatchImage:
    """A patch of smooth spots, 400 mm wide."""
    coarse = noise(1, 3, side // 8, side // 8)
    return opaque(torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")[0], 400.0)


def before(camera_mm: Tensor, px_per_mm: float = 0.3, size: int = 200) -> SceneBatch:
    scene = scene_of(torch.full((1, 3, size, size), 0.5), upright(size / 2 + 0.3, size / 2 - 0.2, px_per_mm))
    return replace(scene, camera_mm=camera_mm[None])


def render(config: EotConfig, scene: SceneBatch, patch: PatchImage) -> Tensor:
    renderer = build_renderer(config)
    return renderer.render(scene, patch, renderer.sample(scene, generator(0, "draws")))[0]


def error(image: Tensor, truth: Tensor) -> float:
    touched = ((truth - 0.5).abs() > 1e-6) | ((image - 0.5).abs() > 1e-6)
    return float((image - truth)[touched].square().mean().sqrt())


def rays(scene: SceneBatch, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Origin ``(3,)`` and directions ``(h,w,3)`` in the frame of the surface."""
    on_plane = torch.cat((pixels, torch.ones_like(pixels[..., :1])), -1)
    on_plane = on_plane @ torch.linalg.inv(scene.image_from_surface[0].double()).T
    on_plane = torch.cat((on_plane[..., :2] / on_plane[..., 2:], torch.zeros_like(on_plane[..., :1])), -1)
    assert scene.camera_mm is not None
    camera_mm = scene.camera_mm[0].double()
    return camera_mm, on_plane - camera_mm


def cylinder(scene: SceneBatch, patch: PatchImage, radius: float, place: PlaceConfig, yaw_deg: float) -> Tensor:
    """The patch on an upright cylinder that touches the origin, which turns about its own axis."""

    def trace(pixels: Tensor) -> tuple[Tensor, Tensor]:
        camera_mm, along = rays(scene, pixels)
        a = along[..., 0] ** 2 + along[..., 2] ** 2
        b = camera_mm[0] * along[..., 0] + (camera_mm[2] - radius) * along[..., 2]
        c = camera_mm[0] ** 2 + (camera_mm[2] - radius) ** 2 - radius**2
        root = (b**2 - a * c).clamp_min(0).sqrt()
        meets = camera_mm + along * ((-b - root) / a)[..., None]
        angle = torch.atan2(meets[..., 0], radius - meets[..., 2]) - math.radians(yaw_deg)
        millimetres = torch.stack((angle * radius - place.x_mm, meets[..., 1] - place.y_mm), -1)
        per_mm = patch.srgb.shape[2] / patch.width_mm
        half = torch.tensor([patch.srgb.shape[2], patch.srgb.shape[1]]) / 2
        return millimetres * per_mm + half, b**2 > a * c

    return cast(scene.srgb[0], patch, trace, 8)


@pytest.mark.slow
@pytest.mark.parametrize(("quality", "bound"), [("fast", 0.02), ("high", 0.015)])
@pytest.mark.parametrize("yaw_deg", [0.0, 35.0])
def test_a_cylinder_looks_as_64_rays_a_pixel_see_it(yaw_deg: float, quality: str, bound: float) -> None:
    """The bounds are the stated error of what is bent, its hard silhouette included (RMSE of sRGB where it is)."""
    scene, patch, place = before(EYE), soft(160), PlaceConfig(x_mm=30, y_mm=-40)
    surface = SurfaceConfig(curvature_per_m=[7.0, 7.0], cells=24)
    config = EotConfig(place=place, jitter=JitterConfig(yaw_deg=[yaw_deg] * 2), surface=surface, quality=quality)
    assert error(render(config, scene, patch), cylinder(scene, patch, 1000 / 7, place, yaw_deg)) < bound


def test_a_cylinder_turns_its_sides_away_and_hides_its_back() -> None:
    scene, patch = before(torch.tensor([0.0, 0, -1500])), opaque(torch.ones(3, 16, 160), 2000.0)
    surface = SurfaceConfig(curvature_per_m=[5.0, 5.0], cells=48)
    seen = (render(EotConfig(surface=surface), scene, patch) > 0.9).all(0)
    assert int(seen.any(0).sum()) == pytest.approx(2 * 0.3 * 200 * 1500 / math.sqrt(1700**2 - 200**2), abs=3)


def test_hardly_any_curvature_is_a_plane() -> None:
    scene, patch = before(EYE), soft(80)
    flat = render(EotConfig(jitter=JitterConfig(yaw_deg=[20, 20], pitch_deg=[9, 9])), scene, patch)
    surface = SurfaceConfig(curvature_per_m=[1e-4, 1e-4])
    bent = render(EotConfig(jitter=JitterConfig(yaw_deg=[20, 20], pitch_deg=[9, 9]), surface=surface), scene, patch)
    assert (flat - bent).abs().max() < 0.02


def test_facets_leave_no_seam_and_paint_no_pixel_twice() -> None:
    scene = before(EYE)
    glass = PatchImage(torch.ones(3, 40, 40), torch.full((1, 40, 40), 0.5), 300.0)
    image = render(EotConfig(surface=SurfaceConfig(curvature_per_m=[3.0, 3.0], folds=[0.02, 0.02])), scene, glass)
    inside = image[0, 70:130, 70:130]
    assert inside.max() - inside.min() < 1e-3


def test_the_gradient_reaches_the_texels_of_folded_cloth() -> None:
    srgb = noise(3, 96, 96).requires_grad_()
    surface = SurfaceConfig(curvature_per_m=[5.0, 5.0], folds=[0.03, 0.03], stretch=[0.97, 1.03])
    render(EotConfig(surface=surface), before(EYE, 0.1), opaque(srgb, 300.0)).sum().backward()
    assert srgb.grad is not None
    assert (srgb.grad.abs().sum(0) > 0).float().mean() >= 0.9


def test_the_spline_is_scipys_thin_plate_spline() -> None:
    from scipy.interpolate import RBFInterpolator

    line = np.linspace(-1, 1, SIDE)
    control = np.stack(np.meshgrid(line, line, indexing="xy"), -1).reshape(-1, 2)
    moved = noise(FOLDS, 3).double()
    points = noise(50, 2, seed=1).double() * 2 - 1
    wanted = RBFInterpolator(control, moved.numpy(), kernel="thin_plate_spline")(points.numpy())
    assert torch.allclose(spline(points) @ moved, torch.from_numpy(wanted), atol=1e-9)


def test_stretch_makes_the_print_as_much_longer() -> None:
    scene, white = before(torch.tensor([0.0, 0, -1500])), opaque(torch.ones(3, 20, 20), 200.0)
    plain = render(EotConfig(), scene, white)[0, 100] > 0.75
    longer = render(EotConfig(surface=SurfaceConfig(stretch=[1.5, 1.5])), scene, white)[0, 100] > 0.75
    assert (int(plain.sum()), int(longer.sum())) == pytest.approx((60, 90), abs=1.1)


@pytest.mark.slow
def test_a_lens_distorts_about_the_patchs_own_place() -> None:
    scene, patch = before(EYE, px_per_mm=0.25), soft(120)
    scene.image_from_surface[0, 0, 2] += 40
    k1, size = -0.2, 200
    renderer = build_renderer(EotConfig(optics=OpticsConfig(distortion=[k1, k1]), surface=SurfaceConfig(cells=16)))
    draws = renderer.sample(scene, generator(0, "draws"))
    inverse = torch.linalg.inv(renderer.homographies(scene, patch, draws)[0])

    def shift(points: Tensor) -> Tensor:
        off = points - (size - 1) / 2
        return off * k1 * (off / (size / 2**0.5)).square().sum(-1, keepdim=True)

    middle = shift(torch.tensor([[size / 2 + 0.3 + 40, size / 2 - 0.2]]).double())

    def trace(pixels: Tensor) -> tuple[Tensor, Tensor]:
        plain = pixels
        for _ in range(30):
            plain = pixels - shift(plain) + middle[0]
        texel = torch.cat((plain, torch.ones_like(plain[..., :1])), -1) @ inverse.T
        return texel[..., :2] / texel[..., 2:], texel[..., 2] > 0

    truth = cast(scene.srgb[0], patch, trace, 8)
    assert error(renderer.render(scene, patch, draws)[0], truth) < 0.015
    assert error(render(EotConfig(), scene, patch), truth) > 0.03


@pytest.mark.slow
@pytest.mark.parametrize(("quality", "bound"), [("fast", 0.02), ("high", 0.01)])
def test_motion_is_the_mean_over_the_way_away_from_the_middle(quality: str, bound: float) -> None:
    scene, patch, length = before(EYE, px_per_mm=0.25), soft(120), 6.0
    scene.image_from_surface[0, 0, 2] += 40
    optics = OpticsConfig(motion_px=[length, length])
    renderer = build_renderer(EotConfig(optics=optics, quality=quality))
    draws = renderer.sample(scene, generator(0, "draws"))
    homography = renderer.homographies(scene, patch, draws)[0]
    truths = []
    for step in (torch.arange(24) + 0.5) / 24 - 0.5:
        moved = torch.eye(3, dtype=torch.float64)
        moved[0, 2] = step * length
        truths.append(supersampled(scene.srgb[0], patch, moved @ homography, 4))
    from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear

    truth = srgb_from_linear(torch.stack([linear_from_srgb(t) for t in truths]).mean(0))
    assert error(renderer.render(scene, patch, draws)[0], truth) < bound
    still = render(EotConfig(quality=quality), scene, patch)
    assert error(still, truth) > 0.03


def test_a_rolling_shutter_shears_about_the_patch() -> None:
    scene, patch = before(torch.tensor([0.0, 0, -1500])), opaque(torch.ones(3, 20, 10), 100.0)
    image = render(EotConfig(sensor=SensorConfig(rolling_shutter=[0.5, 0.5])), scene, patch)[0] > 0.75
    where = [float(image[row].nonzero().float().mean()) for row in (80, 100, 120)]
    assert where == pytest.approx([90.3, 100.4, 110.4], abs=0.7)


def test_the_scenes_own_camera_says_how_a_turned_patch_looks() -> None:
    """A plane turned back by as much as the scene is oblique is seen from straight ahead: width is cos 0 again."""
    angle = math.radians(40)  # the right edge is the nearer one
    camera_mm = torch.tensor([1500 * math.sin(angle), 0.0, -1500 * math.cos(angle)])
    seen = torch.tensor([[0.3 * math.cos(angle), 0, 0], [0, 0.3, 0], [-math.sin(angle) / 1500, 0, 1]])
    surface = torch.tensor([[[1.0, 0, 100], [0, 1, 100], [0, 0, 1]]]) @ seen
    scene = replace(scene_of(torch.full((1, 3, 200, 200), 0.5), surface), camera_mm=camera_mm[None])
    white = opaque(torch.ones(3, 20, 20), 200.0)
    oblique = (render(EotConfig(), scene, white)[0, 100] > 0.75).sum()
    turned = (render(EotConfig(jitter=JitterConfig(yaw_deg=[40, 40])), scene, white)[0, 100] > 0.75).sum()
    assert int(oblique) == pytest.approx(60 * math.cos(angle), abs=1.5)
    assert int(turned) == pytest.approx(60, abs=1.5)


@pytest.mark.parametrize("quality", ["fast", "high"])
@pytest.mark.parametrize(("sigma", "way"), [(0.0, 0.0), (0.25, 0.0), (0.41, 0.0), (0.8, 0.0), (0.0, 4.0), (0.3, 8.0)])
def test_beyond_the_blurred_edge_there_is_nothing(quality: str, sigma: float, way: float) -> None:
    """Reads past the rim find nothing: not the next level of the atlas."""
    optics = OpticsConfig(defocus_px=[sigma, sigma], motion_px=[way, way])
    for texels, offset in ((320, 0.0), (320, 0.25), (37, 0.5)):
        scene = scene_of(torch.zeros(1, 3, 64, 64), upright(31.5 + offset, 31.5, 0.1))
        image = render(EotConfig(optics=optics, quality=quality), scene, opaque(torch.ones(3, 192, texels), 300.0))[0]
        clear = math.ceil(15 + offset + 2.5 * sigma + way / 2 + 1.2)
        assert image[:, : 32 - clear].max() < 0.1
        assert image[:, 32 + clear :].max() < 0.1
