"""Pictures that Mitsuba traces, and how our renderer agrees with them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from physadv.app.registry import Registry
from physadv.core.types import PatchImage, PatchPlace, SceneBatch
from physadv.engines.judging.render_gap import both, compared
from physadv.library.colour.conversion import linear_from_srgb
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, LightConfig, PlaceConfig, SurfaceConfig
from physadv.parts.twin.layout import shot
from physadv.parts.twin.lights import LIGHTS
from physadv.parts.twin.options import TwinConfig
from physadv.parts.twin.scenes import TwinScenes
from physadv.testing import check_scenes

pytest.importorskip("mitsuba", reason='needs the extra "twin": pip install "physadv[twin]"')

SMALL = TwinConfig(
    images=1, width_px=160, height_px=128, field_of_view_deg=30.0, distance_m=[5.0, 5.0], yaw_deg=[0.0, 0.0],
    lights=["white"], exposure_ev=[0.0, 0.0], samples=4, surface_samples=64,
)  # fmt: skip


def changed(**options: object) -> TwinConfig:
    return TwinConfig(**{**vars(SMALL), **options})


def shown(config: TwinConfig, patch: PatchImage, place: PatchPlace | None = None) -> tuple[SceneBatch, Tensor]:
    scenes = TwinScenes(config)
    scene = next(scenes.sweep(1))
    renderer = scenes.renderer(place or PatchPlace(), None)
    return scene, renderer.render(scene, patch, renderer.sample(scene, torch.Generator()))


def plain(colour: tuple[float, float, float], width_mm: float = 300.0) -> PatchImage:
    return PatchImage(torch.tensor(colour)[:, None, None].expand(3, 6, 10).clone(), torch.ones(1, 6, 10), width_mm)


def squares(width_mm: float) -> PatchImage:
    small = torch.rand(1, 3, 6, 10, generator=torch.Generator().manual_seed(2))
    return PatchImage(
        torch.nn.functional.interpolate(small, (96, 160), mode="nearest")[0], torch.ones(1, 96, 160), width_mm
    )


def at(scene: SceneBatch, picture: Tensor, x_mm: float, y_mm: float) -> Tensor:
    """The pixel ``(3,)`` that shows a point of the surface."""
    seen = scene.image_from_surface[0] @ torch.tensor([x_mm, y_mm, 1.0])
    x, y = (seen[:2] / seen[2]).round().long().tolist()
    return picture[0, :, y, x]


def test_every_corner_of_the_patch_is_where_it_belongs() -> None:
    corners = torch.zeros(3, 40, 60)
    corners[0, :20, :30] = 1  # top left red, top right green, bottom left blue
    corners[1, :20, 30:] = 1
    corners[2, 20:, :30] = 1
    scene, picture = shown(SMALL, PatchImage(corners, torch.ones(1, 40, 60), 420.0))
    assert at(scene, picture, -105, -70).argmax() == 0
    assert at(scene, picture, 105, -70).argmax() == 1
    assert at(scene, picture, -105, 70).argmax() == 2
    assert at(scene, picture, 105, 70).max() < 0.05


def test_a_patch_turned_counter_clockwise_has_its_right_side_up() -> None:
    half = torch.zeros(3, 40, 40)
    half[0, :, 20:] = 1
    scene, picture = shown(SMALL, PatchImage(half, torch.ones(1, 40, 40), 400.0), PatchPlace(roll_deg=90))
    assert at(scene, picture, 0, -100)[0] > 0.5
    assert at(scene, picture, 0, 100)[0] < 0.1


def test_the_code_of_a_grey_is_decoded_once() -> None:
    grey = plain((0.5, 0.5, 0.5))
    scene, picture = shown(SMALL, grey)
    reflectance = linear_from_srgb(at(scene, picture, 0, 0)) / scene.light[0]
    assert torch.allclose(reflectance, linear_from_srgb(grey.srgb[:, 0, 0]), atol=0.01)


def test_what_is_transparent_shows_the_sign() -> None:
    green = plain((0.0, 1.0, 0.0))
    hole = PatchImage(green.srgb, torch.cat([torch.ones(1, 6, 5), torch.zeros(1, 6, 5)], 2), 300.0)
    scene, picture = shown(SMALL, hole)
    seen, bare = (at(scene, shot, 110, 0) for shot in (picture, scene.srgb))
    assert torch.allclose(seen, bare, atol=0.03)
    assert at(scene, picture, -110, 0)[1] > 0.5


def test_pictures_repeat_and_no_patch_changes_nothing() -> None:
    clear = PatchImage(torch.zeros(3, 4, 4), torch.zeros(1, 4, 4), 300.0)
    scene, first = shown(SMALL, plain((1.0, 0.0, 1.0)))
    again, second = shown(SMALL, plain((1.0, 0.0, 1.0)))
    assert torch.equal(scene.srgb, again.srgb)
    assert torch.equal(first, second)
    assert torch.equal(shown(SMALL, clear)[1], scene.srgb)


def test_the_patch_is_traced_as_it_is_printed() -> None:
    scenes = TwinScenes(SMALL)
    scene = next(scenes.sweep(1))
    renderer = scenes.renderer(PatchPlace(), lambda patch: plain((0.0, 0.0, 1.0)))
    picture = renderer.render(scene, plain((1.0, 0.0, 0.0)), renderer.sample(scene, torch.Generator()))
    assert at(scene, picture, 0, 0).argmax() == 2


def test_the_scenes_keep_every_promise() -> None:
    check_scenes(TwinScenes(changed(images=5, width_px=64, height_px=64, samples=1, surface_samples=1)))


rest = pytest.mark.exhaustive  # the other cases hold every pair of values already


@pytest.mark.slow
@pytest.mark.parametrize(
    ("light", "distance_m", "yaw_deg"),
    [
        ("white", 4.0, 45.0),
        ("white", 8.0, 0.0),
        ("noon", 4.0, 0.0),
        ("noon", 8.0, 45.0),
        pytest.param("white", 4.0, 0.0, marks=rest),
        pytest.param("white", 8.0, 45.0, marks=rest),
        pytest.param("noon", 4.0, 45.0, marks=rest),
        pytest.param("noon", 8.0, 0.0, marks=rest),
    ],
)
def test_our_renderer_agrees_with_the_path_tracer_on_a_plane(light: str, distance_m: float, yaw_deg: float) -> None:
    config = changed(distance_m=[distance_m] * 2, yaw_deg=[yaw_deg] * 2, lights=[light], surface_samples=400)
    place = PlaceConfig(x_mm=30.0, y_mm=-20.0, roll_deg=10.0)
    ours = build_renderer(EotConfig(place=place, quality="high"))
    assert gap(config, ours, PatchPlace(30.0, -20.0, 10.0), 400.0) <= 0.03


@pytest.mark.slow
@pytest.mark.parametrize(
    ("distance_m", "yaw_deg"),
    [(0.5, 40.0), (1.0, 0.0), pytest.param(0.5, 0.0, marks=rest), pytest.param(1.0, 40.0, marks=rest)],
)
def test_our_renderer_agrees_with_the_path_tracer_round_a_bottle(distance_m: float, yaw_deg: float) -> None:
    config = changed(
        story="bottle", distance_m=[distance_m] * 2, yaw_deg=[yaw_deg] * 2, surface_samples=256, field_of_view_deg=40.0
    )
    curved = SurfaceConfig(curvature_per_m=[1000 / config.radius_mm] * 2)
    assert gap(config, build_renderer(EotConfig(surface=curved, quality="high")), PatchPlace(), 90.0) <= 0.05


@pytest.mark.slow
def test_a_key_light_round_a_bottle_is_that_of_the_sun() -> None:
    """Our shading, told where the sun is and how strong against the sky, by the green channel."""
    config = changed(
        story="bottle", distance_m=[0.5, 0.5], lights=["low-sun"], surface_samples=100, field_of_view_deg=40.0
    )
    taken, scene = shot(config, 0), next(TwinScenes(config).sweep(1))
    toward, camera_mm = taken.surface.axes @ taken.sun, taken.surface.camera_mm()
    azimuth = math.degrees(math.atan2(toward[0], -toward[2]) - math.atan2(camera_mm[0], -camera_mm[2]))
    direct = LIGHTS["low-sun"].sun[1] / math.pi
    ambient = float(scene.light[0, 1]) / taken.exposure - direct * max(0.0, -toward[2])
    height = math.degrees(math.asin(-toward[1]))
    curved = SurfaceConfig(curvature_per_m=[1000 / config.radius_mm] * 2)
    key = LightConfig(key_to_ambient=[direct / ambient] * 2, key_azimuth_deg=[azimuth] * 2, key_height_deg=[height] * 2)
    told = gap(config, build_renderer(EotConfig(surface=curved, light=key, quality="high")), PatchPlace(), 90.0)
    plain = gap(config, build_renderer(EotConfig(surface=curved, quality="high")), PatchPlace(), 90.0)
    assert told <= 0.05
    assert told < plain / 2


def gap(config: TwinConfig, ours: object, place: PatchPlace, width_mm: float) -> float:
    """RMSE in sRGB codes over the pixels of the patch."""
    scenes = TwinScenes(config)
    scene = next(scenes.sweep(1))
    traced, laid, covered = both(scenes.renderer(place, None), ours, scene, squares(width_mm))  # type: ignore[arg-type]
    found = compared(scene.keys[0], None, traced[0], laid[0], covered[0])
    assert found.pixels > 30
    return found.rmse


@pytest.mark.slow
def test_sign_nano_sees_most_stop_signs_of_the_twin() -> None:
    registry = Registry()
    victim = registry.build("victims", "sign-nano", registry.entry("victims", "sign-nano").config())
    stop = victim.labels.index("stop sign")
    with torch.no_grad():
        seen = [
            bool((found.labels == stop).any())
            for scene in TwinScenes(TwinConfig(images=5, samples=6, surface_samples=6)).sweep(5)
            for found in victim.decide(victim.outputs(scene.srgb))
        ]
    assert sum(seen) >= 4
